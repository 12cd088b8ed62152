"""Public halves of keys (RFC 7748), to check what the programs write; far too slow for anything else."""

import base64

P = 2**255 - 19


def public_key(private_text):
    """Key text to key text."""
    k = bytearray(base64.b64decode(private_text, validate=True))
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    scalar, x1 = int.from_bytes(k, "little"), 9
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = (scalar >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a, c * b
        x3, z3 = (da + cb)**2 % P, x1 * (da - cb)**2 % P
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return base64.b64encode((x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")).decode()
