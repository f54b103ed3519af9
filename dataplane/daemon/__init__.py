"""A daemon: keeps what its users want, and makes it so. Docker's networking, with the packets going through our engine."""
