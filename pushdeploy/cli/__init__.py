"""The mouth: the only place that prints, exits and puts objects together."""
