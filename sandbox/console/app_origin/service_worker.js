// Answers the address of Zendesk's SDK on this machine, so that the app's own files stay as they are.
const SDK = 'https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js';

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.url === SDK) event.respondWith(fetch('zaf_sdk.js'));
});
