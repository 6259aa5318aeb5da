"""The numbers of the MAC addresses of built-in PCs."""

from uuid import UUID

from gns3trio.compute.nodes.vpcs.pc_macs import FIRST_NUMBER, PcMacs, mac_address


def test_numbers_of_mac_addresses_are_unique_and_none_of_vpcs() -> None:
    macs = PcMacs()
    ids = [UUID(int=number) for number in range(2000)]
    numbers = [macs.lease(node_id, None) for node_id in ids]
    assert len(set(numbers)) == 2000
    assert all(mac_address(number).startswith("02:50:79:") for number in numbers)
    assert macs.lease(UUID(int=5000), numbers[0]) != numbers[0]  # it is in use
    macs.release(numbers[0])
    assert macs.lease(UUID(int=5001), numbers[0]) == numbers[0]
    assert macs.lease(UUID(int=5002), 5) >= FIRST_NUMBER  # a number of VPCS


def test_the_same_node_gets_the_same_number() -> None:
    assert PcMacs().lease(UUID(int=7), None) == PcMacs().lease(UUID(int=7), None)
