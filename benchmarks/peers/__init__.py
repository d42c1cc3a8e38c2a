"""What regard is compared with, and what both are measured on."""
