# `make` lists the commands.
SHELL := /bin/bash
export BRAMBLE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bramble
export PATH := $(BRAMBLE_CACHE)/bin:$(PATH)
.PHONY: help setup demo down test unit process broker lab drills bench-read bench-runtime bench-restore soak check

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 14

setup: ## bring what bramble needs to this machine
	@setup/setup

demo: setup ## four virtual Pis, a pipeline on them, and its averages as they arrive
	@cli/bramble demo

down: ## take the virtual Pis down; nothing but their disks stays
	@if [ -d .lab ]; then cli/bramble lab down; else echo "No virtual Pis here"; fi

test: ## every test, the quickest tier first; ONLY=ewma: those with it in their path
	@setup/setup node npm-packages
	@node --no-warnings test/run.ts $(ONLY)

unit: ## tests that start no program, in less than a minute; ONLY=ewma
	@setup/setup node npm-packages
	@node --no-warnings test/run.ts --tier=unit $(ONLY)

process: ## tests with programs and sockets of this machine; ONLY=ssh
	@setup/setup node npm-packages
	@node --no-warnings test/run.ts --tier=process $(ONLY)

broker: ## tests with a real Kafka on loopback; ONLY=replay
	@setup/setup node npm-packages
	@node --no-warnings test/run.ts --tier=broker $(ONLY)

lab: ## tests end to end on virtual Pis; ONLY=course
	@setup/setup node npm-packages
	@node --no-warnings test/run.ts --tier=lab $(ONLY)

drills: setup ## the long ones: 100 crashes, 20 interrupts, ups and destroys; ONLY=crashes
	@setup/setup test-tools kafka-zookeeper kafka-kraft
	@node test/drills.ts $(ONLY)

bench-read: demo ## how long a refresh of the demo's four virtual Pis reads, with quick cables and with slow ones
	@node bench/read.ts

bench-runtime: ## the runtime beside Kafka Streams, kafka-python and librdkafka, into bench/results
	@setup/setup node npm-packages bench-tools kafka-zookeeper
	@node --no-warnings bench/runtime.ts

bench-restore: setup ## how long a service with a million keys takes to be ready, and what memory
	@setup/setup test-tools kafka-zookeeper
	@node bench/restore.ts

soak: setup ## ten minutes at half of full speed: does a service's memory stay flat? MINUTES=60 for longer
	@setup/setup test-tools kafka-zookeeper
	@node bench/soak.ts $(MINUTES)

check: ## types, format, lint and layers, unused code, shell scripts, with the seconds that each took
	@setup/setup node npm-packages shellcheck
	@.ci/check
