"""The memory plan: no two living buffers overlap but where their kernel allows it."""

import random

from micronets.compiler.offsets import Buffer, Overlap, find_offsets


def _assert_sound(buffers, overlaps, plan):
    allowed = {(o.upper, o.lower): o for o in overlaps}
    for i, a in enumerate(buffers):
        assert plan.offsets[i] % 4 == 0 and plan.offsets[i] + a.size_bytes <= plan.arena_bytes
        for j, b in enumerate(buffers):
            if i == j or not (a.first_step <= b.last_step and b.first_step <= a.last_step):
                continue
            difference = plan.offsets[i] - plan.offsets[j]
            apart = difference >= b.size_bytes or -difference >= a.size_bytes
            upper, lower = allowed.get((i, j)), allowed.get((j, i))
            as_upper = upper and (difference >= upper.least_bytes or difference == upper.exact_bytes)
            as_lower = lower and (-difference >= lower.least_bytes or -difference == lower.exact_bytes)
            assert apart or as_upper or as_lower


def test_random_plans_are_sound():
    source = random.Random(7)
    for _ in range(60):
        count = source.randint(1, 12)
        buffers = []
        for i in range(count):
            first = source.randint(0, 10)
            buffers.append(Buffer(str(i), source.randint(1, 500), first, source.randint(first, 12)))
        overlaps = []
        for _ in range(source.randint(0, 5)):
            upper, lower = source.randrange(count), source.randrange(count)
            if upper != lower:
                exact = source.choice([None, 0, 8, 40])
                overlaps.append(Overlap(upper, lower, source.choice([0, 16, 100, 1000]), exact))
        overlaps = list({(o.upper, o.lower): o for o in overlaps}.values())
        _assert_sound(buffers, overlaps, find_offsets(buffers, overlaps))


def test_a_chain_takes_its_two_largest_neighbours():
    sizes = [100, 400, 300, 80, 200]
    buffers = [Buffer(str(i), size, i, i + 1) for i, size in enumerate(sizes)]
    assert find_offsets(buffers, []).arena_bytes == 700


def test_in_place_and_lagging_chains_take_less():
    buffers = [Buffer("a", 400, 0, 1), Buffer("b", 400, 1, 2), Buffer("c", 600, 2, 3)]
    assert find_offsets(buffers, [Overlap(0, 1, 0), Overlap(1, 2, 200)]).arena_bytes == 600
    # Exactly in place or wholly apart, as a kernel that works channel by channel needs.
    assert find_offsets(buffers[:2], [Overlap(0, 1, 400, exact_bytes=0)]).arena_bytes == 400
    assert find_offsets(buffers[:2], [Overlap(0, 1, 400, exact_bytes=40)]).arena_bytes == 440


def test_equal_input_gives_equal_plans():
    source = random.Random(1)
    buffers = [Buffer(str(i), source.randint(1, 900), i // 2, i // 2 + source.randint(0, 3)) for i in range(25)]
    assert find_offsets(buffers, []) == find_offsets(buffers, [])
