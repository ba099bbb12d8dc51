#!/usr/bin/env python3
"""Scales a process of a stack by a metric: an example, in Python's standard library.

    autoscaler.py --token_file=admin.token --stack=shop --process=worker \\
        --metrics=http://127.0.0.1:9100/metrics --metric=queue_jobs --per_instance=20

asks every --interval seconds for the metric, in the text format of Prometheus, and
makes as many instances as it takes for each to have at most 20 jobs. It scales up at
once, and down only when --cool_down seconds have passed since its last change.

A scale carries the ETag of the state that it was decided on in If-Match. If somebody
else has changed the process meanwhile (412), the decision is made anew. A metric that
is missing changes nothing, and a process that crash-loops gets no more instances.
"""

import argparse
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ATTEMPTS = 5  # Decisions of one round, if others change the process all the time.
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(\{.*\})?\s+(\S+)')


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--url', default='http://127.0.0.1:8880', help='the address of Tallyman')
    parser.add_argument('--token_file', required=True, help='has a token of the scope admin')
    parser.add_argument('--stack', required=True, help='the name of the stack')
    parser.add_argument('--process', required=True)
    parser.add_argument('--server', help='the name of the machine, if the stack has several')
    parser.add_argument('--metrics', help='an address; by default /metrics of Tallyman')
    parser.add_argument('--metric', required=True, help='name, or name{label="value"}; samples are added')
    parser.add_argument('--per_instance', type=float, required=True, help='of the metric')
    parser.add_argument('--min', type=int, default=1)
    parser.add_argument('--max', type=int, default=10)
    parser.add_argument('--interval', type=float, default=15, help='seconds')
    parser.add_argument('--cool_down', type=float, default=300, help='seconds')
    parser.add_argument('--rounds', type=int, help='ends after so many; by default never')
    options = parser.parse_args()
    if options.per_instance <= 0 or not 0 <= options.min <= options.max:
        parser.error('--per_instance must be above 0, and 0 <= --min <= --max')
    return options


class Api:
    def __init__(self, url, token):
        self.url, self.token = url.rstrip('/'), token

    def ask(self, target, form=None, headers=None):
        """The body of the answer, and its ETag."""
        address = urllib.parse.urljoin(self.url, target)
        headers = dict(headers or {})
        if address.startswith(self.url + '/'):  # The token is for nobody else.
            headers['Authorization'] = 'Bearer ' + self.token
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(address, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode(), answer.headers['ETag']

    def get(self, path):
        body, etag = self.ask('/api/3' + path)
        return json.loads(body)['response'], etag


def load_of(text, metric):
    """The sum of the metric's samples; None if there is none."""
    name, _, labels = metric.partition('{')
    wanted = set(re.findall(r'\w+="[^"]*"', labels))
    samples = [SAMPLE.match(line) for line in text.splitlines() if not line.startswith('#')]
    values = [float(s[3]) for s in samples
              if s and s[1] == name and wanted <= set(re.findall(r'\w+="[^"]*"', s[2] or ''))]
    total = sum(values)
    return total if values and math.isfinite(total) else None


class Autoscaler:
    def __init__(self, options, api):
        self.options, self.api = options, api
        self.changed = None  # When this program scaled last, by a steady clock.

    def place(self):
        """The paths of the process, and the name of the server."""
        stacks, _ = self.api.get('/stacks?' + urllib.parse.urlencode({'name': self.options.stack}))
        if len(stacks) != 1:
            sys.exit(f'{len(stacks)} stacks have the name "{self.options.stack}"')
        processes = f"/stacks/{stacks[0]['uid']}/processes"
        servers = [server['name'] for server in self.api.get(f"/stacks/{stacks[0]['uid']}/servers")[0]]
        server = self.options.server or servers[0]
        if server not in servers or (len(servers) > 1 and not self.options.server):
            sys.exit(f'--server must be one of: {", ".join(servers)}')
        return processes, server

    def decide(self, process, desired, load):
        """How many instances there should be."""
        lowest, highest = self.options.min, self.options.max
        count = max(lowest, min(highest, math.ceil(load / self.options.per_instance)))
        if process['state'] == 'crash-looping':
            count = min(count, max(desired, lowest))
        cooling = self.changed is not None and time.monotonic() - self.changed < self.options.cool_down
        return max(count, min(desired, highest)) if cooling else count

    def round(self):
        processes, server = self.place()
        one = processes + '/' + urllib.parse.quote(self.options.process, safe='')
        for _ in range(ATTEMPTS):
            process, etag = self.api.get(one)
            load = load_of(self.api.ask(self.options.metrics or '/metrics')[0], self.options.metric)
            if load is None:
                return f'no sample of {self.options.metric}: nothing changes'
            desired = process['desired'].get(server, 0)
            count = self.decide(process, desired, load)
            if count == desired:
                return f'{self.options.metric} is {load:g}: {desired} stay'
            try:
                self.api.ask('/api/3' + processes, headers={'If-Match': etag}, form={
                    'process_name': self.options.process, 'server_count': f'{server}:{count}'})
            except urllib.error.HTTPError as error:
                if error.code != 412:
                    raise
                print('the process has changed meanwhile: deciding anew', flush=True)
                continue
            self.changed = time.monotonic()
            return f'{self.options.metric} is {load:g}: from {desired} to {count}'
        return f'the process has changed {ATTEMPTS} times: nothing changes'


def main():
    options = arguments()
    with open(options.token_file, encoding='ascii') as file:
        autoscaler = Autoscaler(options, Api(options.url, file.read().strip()))
    done = 0
    while True:
        wait = options.interval
        try:
            print(autoscaler.round(), flush=True)
        except urllib.error.HTTPError as error:
            print(f'{error.url.partition("?")[0]} answers {error.code}: {error.read().decode()[:500]}', flush=True)
            if error.code in (401, 403):
                sys.exit(1)
            wait = max(wait, float(error.headers.get('Retry-After') or 0))
        except OSError as error:  # Tallyman or the exporter is not there: later again.
            print(f'no answer: {error}', flush=True)
        done += 1
        if done == options.rounds:
            return
        time.sleep(wait)


if __name__ == '__main__':
    main()
