"""Stage profile: builds the benchmark program for a board, runs it on the emulator, counts, estimates costs."""

from micronets.profile.build import build_firmware as build_firmware
from micronets.profile.emulator import run_inputs as run_inputs
from micronets.profile.image import Firmware as Firmware
from micronets.profile.measure import profile_firmware as profile_firmware
from micronets.profile.result import Profile as Profile
