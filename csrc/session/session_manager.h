#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "session/handle.h"
#include "session/licences.h"
#include "session/session_table.h"
#include "session/stream_session.h"

namespace aiges {

// The sessions and once calls of one server: who may begin, under which handle, and until when.
//
// A stream session: reserve() its handle, acquire() a licence, open() it where blocking is allowed,
// then push() its frames. A once call: the same without open(), the engine being called directly;
// Licence::release() before its reply leaves, Reservation::finish() with it. Any thread.
class SessionManager {
 public:
  struct Options {
    Licences::Options licences;
    Clock::duration max_wait = std::chrono::seconds(1);  // for a licence, where waiting is allowed
    SessionTable::Options table;
  };
  struct Stats {
    std::size_t live = 0;  // handles in use: sessions, once calls, and what waits for a licence
    std::size_t licences = 0;
    std::size_t in_use = 0;
    std::size_t waiting = 0;
    std::uint64_t refused = 0;
    std::uint64_t opened = 0;
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;
    std::uint64_t evicted = 0;
    std::uint64_t duplicate_frames = 0;
    std::uint64_t old_frames = 0;
    std::uint64_t skipped_frames = 0;
  };

  // Both outlive the manager and its sessions.
  SessionManager(Watchdog& watchdog, Executor& executor, AdvertisedAddress address,
                 Options options);
  // Closes what is still open and does not wait for it.
  ~SessionManager();
  SessionManager(const SessionManager&) = delete;
  SessionManager& operator=(const SessionManager&) = delete;

  // Takes a handle: the client's, or a new one if that is empty. Fails with 10110 when it is in use
  // or the server is going down.
  Result<SessionTable::Reservation> reserve(std::string_view handle);
  // See Licences::acquire; the options' limit of waiting is added to the deadline.
  Licences::WaiterId acquire(Deadline deadline, Licences::Granted granted);
  bool cancel(Licences::WaiterId id) { return state_->licences->cancel(id); }
  // Empty when there is none at once: acquire() says what then.
  Licence try_take() { return state_->licences->try_take(); }
  // Opens a session under the reserved handle; options.handle is set here. Blocks in the engine.
  Result<std::shared_ptr<StreamSession>> open(std::shared_ptr<EngineHost> host,
                                              SessionTable::Reservation reservation,
                                              Licence licence, const Request& request,
                                              StreamSession::Options options);

  // The session that was used just now. 10008 or 10101 when there is none.
  SessionTable::Found find(std::string_view handle);
  void find_or_wait(std::string_view handle, Deadline deadline, SessionTable::FoundCallback found);
  // Ends a session for its client.
  Status abort(std::string_view handle);
  void resize(std::size_t licences) { state_->licences->resize(licences); }

  // Refuses what is new, waits for what runs until `deadline`, then closes it and waits up to
  // `grace` for the engine to let go. Success when nothing was cut off. For a thread that may
  // block.
  Status drain(Deadline deadline, Clock::duration grace = std::chrono::seconds(5));
  bool draining() const { return draining_.load(std::memory_order_acquire); }

  Stats stats() const;
  const AdvertisedAddress& address() const { return minter_.address(); }

 private:
  // What sessions use; kept by the last of them.
  struct State {
    std::shared_ptr<Licences> licences;
    std::shared_ptr<SessionTable> table;
    std::shared_ptr<Poller> poller;
    SessionCounters counters;
  };

  void close_all();

  Watchdog& watchdog_;
  Executor& executor_;
  const Clock::duration max_wait_;
  HandleMinter minter_;
  const std::shared_ptr<State> state_;
  std::atomic<bool> draining_{false};
};

}  // namespace aiges
