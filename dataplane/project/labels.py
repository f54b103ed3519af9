"""The labels by which Compose knows what is its own (docker/compose, pkg/api/labels.go)."""

from __future__ import annotations

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
NETWORK = "com.docker.compose.network"
ONEOFF = "com.docker.compose.oneoff"
HASH = "com.docker.compose.config-hash"
FILES = "com.docker.compose.project.config_files"
FOLDER = "com.docker.compose.project.working_dir"
DEPENDS_ON = "com.docker.compose.depends_on"
VERSION = "com.docker.compose.version"
"""Which Compose it was: labels of ours say the Compose Specification's major version."""
OURS = "2.0.0"
