"""Streamlit."""

import streamlit

streamlit.title("hello of Streamlit")
