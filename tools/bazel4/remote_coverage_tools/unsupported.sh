#!/bin/bash
echo "coverage needs a newer Bazel" >&2
exit 1
