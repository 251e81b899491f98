"""What disks are made of on this computer: Debian, cached, in processes of its own."""
