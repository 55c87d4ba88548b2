"""Drives a server through Debian's gPodder itself, its module `gpodder.my`; says what it saw as JSON.

Two installations in one process, each with a home of its own. What gPodder does a minute later in a thread of its own,
or on its way out, is done here at once: `sync` is the function it calls for that.
"""
import json
import os
import sys
from types import SimpleNamespace

import requests

url, username, password, place = sys.argv[1:5]
os.environ['GPODDER_HOME'] = os.path.join(place, 'nobody')

import gpodder
from gpodder import config, my

feed, other = 'https://feeds.example/a.xml', 'https://feeds.example/b.xml'
said = {}


def install(device, kind):
    home = os.path.join(place, device)
    os.makedirs(home)
    gpodder.set_home(home)
    settings = config.Config(gpodder.config_file)
    for name, value in (('server', url), ('username', username), ('password', password), ('enabled', True)):
        setattr(settings.mygpo, name, value)
    settings.mygpo.device.uid = device
    settings.mygpo.device.caption = 'My %s' % device
    settings.mygpo.device.type = kind
    client = my.MygPoClient(settings)
    client.create_device()
    return client


def sync(client):
    client._worker_proc(forced=True)
    assert client.can_access_webservice(), 'gPodder has switched synchronization off'


class Episode:
    """As much of an episode as gPodder's sync touches."""

    def __init__(self, number):
        self.url = 'https://media.example/%d.mp3' % number
        self.channel = SimpleNamespace(url=feed)
        self.current_position = self.current_position_updated = self.total_time = 0
        self.is_played = self.is_deleted = False

    def mark(self, is_played):
        self.is_played = is_played

    def was_downloaded(self, and_exists):
        return False

    def delete_from_disk(self):
        self.is_deleted = True

    def save(self):
        pass


def process(client, *episodes):
    known = {(e.channel.url, e.url): e for e in episodes}
    client.process_episode_actions(lambda podcast, episode: known.get((podcast, episode)))


def received(client):
    """What gPodder would ask its user about: it passes over what is so already."""
    actions = client.get_received_actions()
    client.confirm_received_actions(actions)
    has = lists[client]
    changes = [a for a in actions if a.is_add != (a.url in has)]
    has.symmetric_difference_update(a.url for a in changes)
    return sorted(['add' if a.is_add else 'remove', a.url] for a in changes)


def subscribe(client, urls):
    lists[client].update(urls)
    client.on_subscribe(urls)


def unsubscribe(client, url):
    lists[client].remove(url)
    client.on_unsubscribe([url])


def rewrite(client):
    rewritten = client.get_rewritten_urls()
    for each in rewritten:
        lists[client].discard(each.old_url)
        lists[client].add(each.new_url)
    return [[each.old_url, each.new_url] for each in rewritten]


desk, pocket = install('desk', 'desktop'), install('pocket', 'mobile')
lists = {desk: set(), pocket: set()}
sync(desk)
sync(pocket)
said['devices'] = sorted(desk.get_devices())

subscribe(desk, [feed, other])
sync(desk)
subscribe(desk, ['http://FEEDS.example/b.xml/'])
sync(desk)
said['rewritten'] = rewrite(desk)
sync(pocket)
said['pocket was told'] = received(pocket)
unsubscribe(pocket, feed)
sync(pocket)
sync(desk)
said['desk was told'] = received(desk)
sync(desk)
sync(pocket)
said['nobody is told again'] = [received(desk), received(pocket)]
lists[desk].add(feed)
desk.set_subscriptions(sorted(lists[desk]))
sync(pocket)
said['replaced'] = received(pocket)
said['alike'] = lists[desk] == lists[pocket] == {feed, other}
said['page'] = requests.get(desk.get_download_user_subscriptions_url()).text.count('xmlUrl=')

one, two = Episode(1), Episode(2)
desk.on_download([one])
desk.on_playback_full(one, 0, 120, 1800)
desk.on_delete([two])
sync(desk)
sync(pocket)
process(pocket, one, two)
said['pocket heard'] = [one.current_position, one.total_time, one.is_played, one.is_deleted, two.is_deleted]
one.current_position_updated = 0
pocket.on_playback_full(one, 120, 1800, 1800)
sync(pocket)
sync(desk)
process(desk, one)
said['desk heard'] = [one.current_position, one.total_time]

many = [Episode(n) for n in range(100, 350)]
desk.on_playback(many)
for episode in many:
    desk.on_playback_full(episode, 0, 60, 1800)
sync(desk)
sync(pocket)
process(pocket, *many)
said['of many'] = sum(e.current_position == 60 for e in many)

client = desk._client
said['settings'] = client.set_settings('device', 'desk', None, {'auto-update': True, 'gone': 1}, ['gone'])
said['kept'] = client.get_settings('device', 'desk', None)

print(json.dumps(said))
