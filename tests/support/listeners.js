// Before a page's own scripts: notes what listens for pointers, so that a probe can tell what only a mouse reaches.
(() => {
  const add = EventTarget.prototype.addEventListener;
  const noted = (window.__listeners = []);
  EventTarget.prototype.addEventListener = function (kind, listener, options) {
    if (this instanceof Element) noted.push([this, kind]);
    return add.call(this, kind, listener, options);
  };
})();
