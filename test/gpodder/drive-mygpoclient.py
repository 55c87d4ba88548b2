"""Drives a server through Debian's mygpoclient, the library that gPodder itself syncs with; says what it saw as JSON."""
import json
import sys

from mygpoclient import api, http, public

url, username, password = sys.argv[1:4]
feed, other = 'https://feeds.example/a.xml', 'https://feeds.example/b.xml'
said = {}


def client():
    return api.MygPodderClient(username, password, url)


def action(**more):
    return api.EpisodeAction(feed, 'https://media.example/1.mp3', **more)


def ask(method, path, *body):
    """What the library has no function for, asked through it all the same."""
    return getattr(desk._client, method)('%s/api/2/%s' % (url, path), *body)


desk, pocket = client(), client()
said['log in'] = ask('POST', 'auth/%s/login.json' % username, {})
try:
    api.MygPodderClient(username, 'wrong', url).get_devices()
except http.Unauthorized:
    said['wrong password'] = 'unauthorized'

desk.update_device_settings('desk', 'My desk', 'desktop')
said['devices'] = [[d.device_id, d.caption, d.type, d.subscriptions] for d in desk.get_devices()]

result = desk.update_subscriptions('desk', [feed, ' %s ' % other], [])
said['updates'] = result.update_urls
pocket.update_device_settings('pocket', 'My pocket', 'mobile')
changes = pocket.pull_subscriptions('pocket', 0)
said['pulled'] = [sorted(changes.add), changes.remove]

pocket.update_subscriptions('pocket', [], [other])
said['left'] = desk.pull_subscriptions('desk', result.since + 1).remove
said['simple'] = desk.get_subscriptions('desk')
said['put'] = desk.put_subscriptions('desk', [feed, other])
said['again'] = sorted(pocket.pull_subscriptions('pocket', changes.since + 1).add)

before = desk.download_episode_actions(0)
said['none'] = len(before.actions)
pocket.upload_episode_actions([
    action(action='download', device='pocket', timestamp='2026-01-01T10:00:00'),
    action(action='play', device='pocket', timestamp='2026-01-01T10:00:05', started=0, position=120, total=1800),
])
after = desk.download_episode_actions(before.since + 1)
said['actions'] = sorted((a.to_dictionary() for a in after.actions), key=lambda a: a['action'])
said['nothing more'] = len(desk.download_episode_actions(after.since + 1).actions)

sync = 'sync-devices/%s.json' % username
said['status'] = ask('GET', sync)
said['synchronized'] = ask('POST', sync, {'synchronize': [['desk', 'pocket']], 'stop-synchronize': []})
try:
    ask('POST', sync, {'synchronize': [['desk', 'fridge']]})
except http.NotFound:
    said['no such device'] = 'not found'

about = {
    'account': (None, None), 'device': ('desk', None), 'podcast': (feed, None),
    'episode': (feed, 'https://media.example/1.mp3'),
}
for kind, scope in about.items():
    desk.set_settings(kind, *scope, {'of': kind, 'gone': True})
    desk.set_settings(kind, *scope, {}, ['gone'])
said['settings'] = [pocket.get_settings(kind, *scope) for kind, scope in about.items()]
said['favorites'] = [e.url for e in desk.get_favorite_episodes()]

# Three refused requests are all a process of this library can take: the cookie must have spared them.
for _ in range(10):
    desk.get_devices()

directory = public.PublicClient(url)
said['toplist'] = [[p.url, p.title, p.website, p.subscribers] for p in directory.get_toplist(10)]
said['found'] = [p.url for p in directory.search_podcasts('first podcasts')]
said['tags'] = [[t.tag, t.usage] for t in directory.get_toptags(10)]
said['tagged'] = [p.title for p in directory.get_podcasts_of_a_tag('arts', 10)]
about_podcast = directory.get_podcast_data(feed)
said['podcast'] = [about_podcast.title, about_podcast.description]
about_episode = directory.get_episode_data(feed, 'https://media.example/1.mp3')
said['episode'] = [about_episode.title, about_episode.podcast_title, about_episode.released]
said['suggested'] = [p.url for p in desk.get_suggestions(10)]

print(json.dumps(said))
