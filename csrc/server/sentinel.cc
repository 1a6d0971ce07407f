#include "server/sentinel.h"

#include <chrono>

#include "server/reactor.h"

namespace aiges::server {
namespace {
constexpr auto kLook = std::chrono::milliseconds(1);
constexpr int kQuietLooks = 50;  // looks without a job before it sleeps
}  // namespace

Sentinel::~Sentinel() { stop(); }

void Sentinel::start() {
  thread_ = std::thread([this] { run(); });
}

void Sentinel::stop() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sentinel::wake() {
  MutexLock lock(mutex_);
  asleep_.store(false, std::memory_order_seq_cst);
  changed_.notify_one();
}

void Sentinel::run() {
  int quiet = 0;
  for (;;) {
    bool busy = false;
    for (Reactor* reactor : reactors_) busy = reactor->look() || busy;
    quiet = busy ? 0 : quiet + 1;
    MutexLock lock(mutex_);
    if (stop_) return;
    if (quiet < kQuietLooks) {
      changed_.wait_until(mutex_, Deadline::after(kLook));
      continue;
    }
    // Sequentially consistent with a leader that begins a job: either it sees this asleep, or the
    // last look sees its job.
    asleep_.store(true, std::memory_order_seq_cst);
    for (Reactor* reactor : reactors_) busy = reactor->in_job() || busy;
    while (!busy && !stop_ && asleep_.load(std::memory_order_seq_cst))
      changed_.wait_until(mutex_, Deadline::never());
    asleep_.store(false, std::memory_order_seq_cst);
    quiet = 0;
  }
}

}  // namespace aiges::server
