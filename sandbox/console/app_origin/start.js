// Once the service worker is in charge, the app is opened as Zendesk opens it.
await navigator.serviceWorker.register('service_worker.js');
await navigator.serviceWorker.ready;
location.replace(`assets/iframe.html${location.search}`);
