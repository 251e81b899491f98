"""Tandem: Plone, highly available on two machines."""
