"""
The part that touches the network: a Scrapy child process, and what every spider of ours obeys.

The child is fed addresses over a pipe and answers each with exactly one outcome. It knows no
store; killing it loses nothing, because whoever feeds it has the list.
"""
