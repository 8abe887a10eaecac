"""Servers to compare with, written as a competent person would write them."""
