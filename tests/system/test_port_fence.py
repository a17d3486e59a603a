"""The kernel's own word on which ports other machines reach: asked in a network of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

FENCED = """
import json
from pushdeploy.system import port_fence as one

many = range(29_000, 30_000)
before = one.keeps_in([])
one.fence({{1000: [8000]}}, closed=[22], inner=many)
said = [one.keeps_in(ports) for ports in ([], [29_500], many, [29_500, 8000])]
{change}
print(json.dumps([before, said, one.keeps_in([29_500])]))
"""

# As by `nft flush ruleset`, `nft flush table`, `nft add table … { flags dormant; }`, `nft insert`.
CHANGES = {
    "nothing": "",
    "all gone": "one.remove()",
    "no rules": "one._send([(8, 0, one._attribute(1, one.TABLE))])",
    "dormant": "one._send([(0, 0, one._attribute(1, one.TABLE) + one._number(2, one.DORMANT))])",
    "another rule first": "one._send([(6, one.CREATE, one._rule(one.INPUT, iter(()))[2])])",
    "made again": "one.fence({}, inner=[29_500])",
    "made again without": "one.fence({}, inner=[])",
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_kernel_says_whether_it_keeps_other_machines_out(change: str) -> None:
    if os.getuid():
        pytest.skip("needs root, for a network of its own")
    asked = [sys.executable, "-c", FENCED.format(change=CHANGES[change])]

    ended = subprocess.run(
        ["unshare", "--net", *asked], capture_output=True, text=True, check=False
    )

    if "Error" in ended.stderr and "port_fence" in ended.stderr:
        pytest.skip("this kernel has no nf_tables")
    before, said, after = json.loads(ended.stdout)
    assert (before, said) == (False, [True, True, True, False])
    assert after is (change in ("nothing", "made again"))
