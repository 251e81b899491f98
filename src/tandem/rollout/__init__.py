"""Rolling out: what is on the hosts, what is to be there, and the steps from one to the other."""
