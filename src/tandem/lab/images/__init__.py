"""What the lab's machines are made of: Debian, what Tandem puts into it, and the disks."""
