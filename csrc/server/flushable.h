#pragma once

namespace aiges::server {

// Something that a turn of a reactor's leader has to finish once its jobs are done: bytes to send,
// above all.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

}  // namespace aiges::server
