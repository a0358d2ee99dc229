"""Only messages that nobody received count as lost."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.kernels.numbering import GAPS, Numbering, Numbers

SESSION = "0a1b-2c3d"


def see(numbering: Numbering, *numbers: int, pid: int = 7, session: str = SESSION) -> None:
    for number in numbers:
        numbering.see(f"{session}_{pid}_{number}", session, begins=True)


def check(*numbers: int, lost: int) -> None:
    numbering = Numbering()
    see(numbering, *numbers)
    assert numbering.take_lost(0) == lost
    assert numbering.take_lost(0) == 0


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [
        ([1, 2, 3], 0),
        ([1, 5], 3),
        ([1, 3, 5, 6, 9], 2),
        ([1, 3, 4, 6], 0),  # numbered and never sent
        ([1, 3, 2], 0),  # a reply arrives after what was published later
        ([1, 5, 3, 2], 0),
        ([1, 6, 4], 2),
        ([5, 2, 3, 6], 0),  # sent before the first one that was received
        ([1, 2, 3, 2, 9], 0),  # no counter of messages
    ],
)
def test_unfilled_gaps_count_as_lost(numbers: list[int], lost: int) -> None:
    check(*numbers, lost=lost)


@given(st.sets(st.integers(1, 60)), st.randoms(use_true_random=False))
def test_the_order_of_messages_does_not_matter(lost: set[int], random: Random) -> None:
    rest = [number for number in range(1, 61) if number not in lost]
    random.shuffle(rest)
    alone = {number for number in lost if not {number - 1, number + 1} & lost}
    check(0, *rest, 61, lost=len(lost - alone))


def test_many_gaps_take_bounded_memory_and_are_all_counted() -> None:
    numbering = Numbering()
    see(numbering, *range(0, 30 * GAPS, 3))
    assert len(numbering._gaps) <= GAPS
    assert numbering.take_lost(0) == 2 * (10 * GAPS - 1)


@pytest.mark.parametrize("message_id", ["", "5", "0a1b-2c3d_7_x", "0a1b-2c3d_x_9", "b-c_7_9", "0a1b-2c3d_9"])
def test_other_ids_are_not_counted(message_id: str) -> None:
    numbering = Numbering()
    see(numbering, 1)
    numbering.see(message_id, SESSION, begins=True)
    see(numbering, 2)
    assert numbering.take_lost(0) == 0


def test_children_and_new_processes_of_the_kernel() -> None:
    numbering = Numbering()
    see(numbering, 1, 2)
    see(numbering, 3, 9, pid=8)
    see(numbering, 3)
    assert numbering.take_lost(0) == 0
    see(numbering, 20, 23, session="new")
    assert numbering.take_lost(0) == 2


def test_replies_to_other_clients_are_not_lost() -> None:
    numbering = Numbering()
    see(numbering, 1)
    numbering.other(began=True)
    see(numbering, 2, 4, 6, 10)  # a prompt, the reply; three more
    assert numbering.take_lost(0) == 3
    see(numbering, 12)
    numbering.other(began=False)
    assert numbering.take_lost(0) == 0
    see(numbering, 15)
    assert numbering.take_lost(0) == 2


def test_a_reply_to_an_earlier_request_is_not_lost() -> None:
    numbering = Numbering()
    see(numbering, 1, 3)
    numbering.other(began=False)
    assert numbering.take_lost(0) == 0


def test_a_pending_reply_is_not_lost() -> None:
    numbering = Numbering()
    see(numbering, 1, 3)
    assert numbering.take_lost(1) == 0
    see(numbering, 2, 4)
    assert numbering.take_lost(0) == 0


@given(st.sets(st.integers(1, 60)), st.integers(0, 60))
def test_another_process_continues_the_count(lost: set[int], cut: int) -> None:
    def count(*cuts: int) -> int:
        numbering = Numbering()
        for number in range(62):
            if number in cuts:
                numbering = Numbering.continued(numbering.state(), 0)
            if number not in lost:
                see(numbering, number)
        return numbering.take_lost(0)

    assert count(cut) == count()


def test_a_kernel_that_is_not_counted_yet_is_counted_later() -> None:
    numbering = Numbering.continued(Numbering().state(), 0)
    see(numbering, 5, 8)
    assert numbering.take_lost(0) == 2


def test_what_nobody_has_heard_counts_from_the_last_stored_message() -> None:
    def missing(*numbers: int, heard: int) -> int:
        numbering = Numbering.continued(Numbers(next=heard + 1), 0)
        see(numbering, *numbers)
        return numbering.take_lost(0)

    assert missing(11, 12, heard=10) == 0
    assert missing(21, 22, heard=10) == 10
    assert missing(3, 4, heard=10) == 0  # a new process


def test_our_own_request_is_no_loss_after_a_hand_over() -> None:
    giver = Numbering()
    see(giver, 1)
    giver.other(began=True)  # the taker asks on control, and the giver hears the statuses
    see(giver, 2)
    giver.other(began=False)
    see(giver, 4)
    taker = Numbering.continued(giver.state(), 0)
    see(taker, 3)  # the reply
    taker.disown(ended=True)
    see(taker, 8)
    assert taker.take_lost(0) == 3
