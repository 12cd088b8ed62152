#pragma once
/* The pair of links the stand-in offers in place of a tunnel. */

/* Creates the veth pair `name` and `far`; the far end goes up, and into the network namespace at
 * `netns` unless that is NULL. Like a WireGuard link, neither end does ARP: both have the same
 * hardware address, so frames are accepted without asking anybody. *ret_index is the index of
 * `name`. 0 or a negative errno. */
int veth_create(const char *name, const char *far, const char *netns, unsigned *ret_index);
/* Deletes the pair; errors are of no interest at that point. */
void veth_delete(unsigned index);
