"""What runs inside a Plone client's own process, by ``bin/zeoclientN run``."""
