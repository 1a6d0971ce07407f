#include "server/reactor.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "server/sentinel.h"

namespace aiges::server {
namespace {
// Of a thread that stands by while another one does, too: a burst of slow jobs leaves many.
constexpr auto kIdleLife = std::chrono::seconds(10);
}  // namespace

thread_local Reactor::Batch* Reactor::batch_of_this_thread = nullptr;

// Hint 1: never is more than one thread inside the context's own functions, since only the leader
// is, and jobs run outside of them.
Reactor::Reactor(std::size_t max_threads, Sentinel& sentinel)
    : max_threads_(max_threads == 0 ? 1 : max_threads),
      sentinel_(sentinel),
      io_(1),
      work_(io_.get_executor()) {}

Reactor::~Reactor() = default;

void Reactor::start() {
  MutexLock lock(mutex_);
  (void)give_lead_away();
}

bool Reactor::stop(Deadline deadline) {
  io_.stop();  // first: the last thread to leave starts it again
  MutexLock lock(mutex_);
  stopping_.store(true, std::memory_order_release);
  called_.notify_all();
  while (threads_ != 0) {
    if (!left_.wait_until(mutex_, deadline) && deadline.passed()) break;
  }
  return threads_ == 0;
}

bool Reactor::post(std::function<void()> action) {
  MutexLock lock(mutex_);
  if (!ended_) boost::asio::post(io_, std::move(action));
  return !ended_;
}

void Reactor::submit_from_anywhere(std::shared_ptr<Job> job) {
  (void)post([this, job = std::move(job)]() mutable { submit(std::move(job)); });
}

void Reactor::flush_soon(std::shared_ptr<Flushable> object) {
  if (batch_of_this_thread) {
    batch_of_this_thread->push_back(std::move(object));
  } else {
    object->flush();
  }
}

void Reactor::flush_all(Batch& batch) {
  // By index: flushing may produce more to flush.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (std::size_t i = 0; i < batch.size(); ++i) std::exchange(batch[i], nullptr)->flush();
  batch.clear();
}

std::size_t Reactor::threads() {
  MutexLock lock(mutex_);
  return threads_;
}

void Reactor::stand_by() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      ++standing_by_;
      const Deadline idle = Deadline::after(kIdleLife);
      while (!lead_is_free_ && !stopping_.load(std::memory_order_acquire)) {
        const bool spare = standing_by_ > 1;  // one always stays
        if (spare && idle.passed()) {
          --standing_by_;
          --threads_;
          return;
        }
        called_.wait_until(mutex_, spare ? idle : Deadline::never());
      }
      --standing_by_;
      if (stopping_.load(std::memory_order_acquire)) break;
      lead_is_free_ = false;
    }
    lead();
  }
  leave();
}

void Reactor::leave() {
  std::deque<std::shared_ptr<Job>> dropped;
  {
    MutexLock lock(mutex_);
    if (threads_ != 1) {
      --threads_;
      return;
    }
    ended_ = true;
    dropped.swap(backlog_);
  }
  // Handlers hold connections, which hold this: left where they are, none of them would ever go.
  io_.restart();
  io_.poll();
  dropped.clear();
  jobs_.clear();
  dirty_.clear();
  MutexLock lock(mutex_);
  --threads_;
  left_.notify_all();
}

void Reactor::lead() {
  // First what the leader before left undone.
  while (run_jobs() && !stopping_.load(std::memory_order_acquire)) {
    batch_of_this_thread = &dirty_;
    io_.run_one();
    batch_of_this_thread = nullptr;
  }
}

bool Reactor::run_jobs() {
  while (!jobs_.empty() && !stopping_.load(std::memory_order_acquire)) {
    std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!run_leading(std::move(job))) return false;
  }
  flush_all(dirty_);
  return true;
}

bool Reactor::run_leading(std::shared_ptr<Job> job) {
  if (outside_.load(std::memory_order_relaxed) >= max_threads_) {
    // Someone must go on watching the sockets. Whoever comes back first takes the job; if all have
    // come back meanwhile, there is a place again.
    MutexLock lock(mutex_);
    if (outside_.load(std::memory_order_relaxed) >= max_threads_) {
      backlog_.push_back(std::move(job));
      return true;
    }
  }
  if (job->slow() || wary_.load(std::memory_order_relaxed)) {
    flush_all(dirty_);  // what is ready need not wait for the thread that leads next
    bool given = false;
    {
      MutexLock lock(mutex_);
      given = give_lead_away();
      if (given) outside_.fetch_add(1, std::memory_order_relaxed);
    }
    if (given) {
      run_outside(std::move(job));
      return false;
    }
  }
  Batch batch;  // not the leader's own one: the lead may be lost inside the job
  Turn turn = turn_.load(std::memory_order_relaxed) + 1;
  turn_.store(turn, std::memory_order_seq_cst);
  sentinel_.job_begins();
  batch_of_this_thread = &batch;
  job->run();
  batch_of_this_thread = nullptr;
  if (turn_.compare_exchange_strong(turn, turn + 1, std::memory_order_acq_rel)) {
    for (auto& object : batch) dirty_.push_back(std::move(object));
    return true;
  }
  // The sentinel gave the lead away, and counted this thread as outside.
  job.reset();
  flush_all(batch);
  run_outside(nullptr);
  return false;
}

void Reactor::run_outside(std::shared_ptr<Job> job) {
  for (;;) {
    if (job) {
      const auto begin = Clock::now();
      job->run();
      if (!job->slow() && Clock::now() - begin < Pace::kSlow)
        wary_.store(false, std::memory_order_relaxed);
      job.reset();
    }
    MutexLock lock(mutex_);
    if (backlog_.empty() || stopping_.load(std::memory_order_acquire)) {
      outside_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    job = std::move(backlog_.front());
    backlog_.pop_front();
  }
}

bool Reactor::give_lead_away() {
  if (standing_by_ == 0) {
    try {
      std::thread([self = shared_from_this()] { self->stand_by(); }).detach();
      ++threads_;
    } catch (const std::system_error&) {
      return false;  // no thread to be had
    }
  }
  lead_is_free_ = true;
  called_.notify_one();
  return true;
}

bool Reactor::look() {
  Turn turn = turn_.load(std::memory_order_acquire);
  const bool inside = (turn & 1) != 0;
  if (inside && turn == last_look_ && outside_.load(std::memory_order_relaxed) < max_threads_) {
    // With the lock, so that a leader in search of a place sees the count only as it stays.
    MutexLock lock(mutex_);
    if (turn_.compare_exchange_strong(turn, turn + 1, std::memory_order_acq_rel)) {
      outside_.fetch_add(1, std::memory_order_relaxed);
      wary_.store(true, std::memory_order_relaxed);
      // Without a thread for it the lead stays free until the job returns.
      if (!give_lead_away()) lead_is_free_ = true;
    }
  }
  last_look_ = turn;
  return inside;
}

}  // namespace aiges::server
