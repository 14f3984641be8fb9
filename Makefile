# `make` lists the commands.
SHELL := /bin/bash
export BRAMBLE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bramble
export PATH := $(BRAMBLE_CACHE)/bin:$(PATH)
.PHONY: help setup demo down test unit process broker lab drills bench-read bench-runtime bench-restore soak check

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 14

setup: ## install what bramble needs on this machine
	@setup/setup

demo: setup ## start four virtual Pis, deploy a pipeline and print its averages as they arrive
	@cli/bramble demo

down: ## stop the virtual Pis; only their disks are kept
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

drills: setup ## run the long drills: 100 crashes, 20 interrupts, ups and destroys; ONLY=crashes
	@setup/setup test-tools kafka-zookeeper kafka-kraft
	@node test/drills.ts $(ONLY)

bench-read: demo ## measure a refresh of the demo's four virtual Pis, without and with network delay
	@node bench/read.ts

bench-runtime: ## compare the runtime with Kafka Streams, kafka-python and librdkafka; results in bench/results
	@setup/setup node npm-packages bench-tools kafka-zookeeper
	@node --no-warnings bench/runtime.ts

bench-restore: setup ## measure the start time and the memory of a service with a million keys
	@setup/setup test-tools kafka-zookeeper
	@node bench/restore.ts

soak: setup ## run a service at half speed for ten minutes: does its memory stay flat? MINUTES=60 for longer
	@setup/setup test-tools kafka-zookeeper
	@node bench/soak.ts $(MINUTES)

check: ## types, format, lint and layers, unused code, shell scripts, with the seconds that each took
	@setup/setup node npm-packages shellcheck
	@.ci/check
