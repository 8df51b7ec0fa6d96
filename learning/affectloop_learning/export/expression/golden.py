"""What face-api's own runtime says of pictures that any language can make: the yardstick of our port."""

import numpy as np
from numpy.typing import NDArray

SIDE = 112  # pixels
# dist/face-api.esm.js of @vladmandic/face-api 1.7.15 on Node, tfjs' backend "cpu", of ``pattern(seed)``, by EXPRESSIONS.
JAVASCRIPT_SAID = {
    1: (0.270933, 0.104266, 0.110669, 0.304003, 0.055750, 0.033021, 0.121357),
    6: (0.255749, 0.091874, 0.507556, 0.088678, 0.000625, 0.002303, 0.053216),
    7: (0.457866, 0.127803, 0.108056, 0.005643, 0.039312, 0.000415, 0.260905),
}


def pattern(seed: int) -> NDArray[np.uint8]:
    """A picture from integers alone: (112, 112, 3) RGB."""
    y, x, c = np.ogrid[:SIDE, :SIDE, :3]
    stripes = (x * (3 + seed) + y * (5 + 2 * seed) + c * 40 + (x * y) // (7 + seed)) % (16 + 4 * seed)
    return np.asarray(stripes + 100 + x * y // (150 + 10 * seed) - abs(x - 56) // 2, np.uint8)
