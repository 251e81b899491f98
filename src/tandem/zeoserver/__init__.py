"""The ZEO server's storage: a FileStorage that survives kills, power cuts and takeovers.

In ``zeo.conf``::

    %import tandem.zeoserver
    <durablestorage 1>
      path /srv/filestorage/Data.fs
      blob-dir /srv/blobstorage
    </durablestorage>
"""
