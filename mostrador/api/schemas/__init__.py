"""The JSON the API reads and writes, one file for each noun."""
