"""What runs inside each Zope client: a server that tells the truth about its database.

``wsgi.ini`` names ``tandem.zeoclient.server:factory`` as its server. It serves Zope just as the
recipe's own server does, and answers ``/@@tandem-ready`` beside it.
"""
