"""Stage profile: runs a firmware on the emulator, counts, compares, and estimates costs."""

from micronets.profile.measure import profile_firmware as profile_firmware
from micronets.profile.result import Profile as Profile
