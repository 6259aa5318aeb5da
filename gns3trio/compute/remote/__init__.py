"""A compute on another host that speaks GNS3 2.2's compute API: gns3-server 2.2, or another server of ours.

What it answers is not trusted: every wait, size and value has a limit.
"""
