"""A first configuration for a folder of data, with what was found in that folder."""

from micronets.proposal.propose import Proposal, propose

__all__ = ["Proposal", "propose"]
