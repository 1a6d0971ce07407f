#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "server/flushable.h"
#include "server/job.h"

namespace aiges::server {

class Sentinel;

// Watches the sockets of some connections, and runs the jobs their requests bring.
//
// One thread leads: it waits for sockets, reads, and then runs the jobs itself, so that a request
// is read, computed and answered without waking anybody. It gives the lead away when a job is slow:
// before the job where that is known, or during it, when the sentinel notices that the leader has
// been inside one job for a moment. Another thread of the reactor then watches the sockets; the one
// that lost the lead finishes its job, answers by itself, and stands by. So neither a slow engine
// nor a hanging one keeps others from being served.
//
// Made by make_shared: its threads keep it, and so do the connections, whose sockets are its
// context's.
class Reactor : public std::enable_shared_from_this<Reactor> {
 public:
  // `max_threads` bounds how many jobs run at once; one thread more may watch the sockets.
  Reactor(std::size_t max_threads, Sentinel& sentinel);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  void start();
  // Ends the leader's loop and waits for every thread. False if one was still inside an engine at
  // the deadline; it ends when it comes back. What is posted or submitted afterwards is dropped.
  bool stop(Deadline deadline);

  boost::asio::io_context& io() { return io_; }

  // While reading (leader only): runs the job when this turn's reading is done.
  void submit(std::shared_ptr<Job> job) { jobs_.push_back(std::move(job)); }
  // Any thread: runs `action` on the leader; it must be short and must not block. False, and
  // dropped, when the last thread has left.
  bool post(std::function<void()> action);
  // Any thread: a job from somewhere else than a request just read.
  void submit_from_anywhere(std::shared_ptr<Job> job);

  // Flushes `object` soon: with what else this turn of the leader produces when the calling thread
  // leads or runs a job for the leader, else at once.
  static void flush_soon(std::shared_ptr<Flushable> object);

  // For the sentinel. look() gives the lead to another thread when the leader has been inside the
  // same job since the last look; returns whether it is inside one at all.
  bool look();
  bool in_job() const { return (turn_.load(std::memory_order_seq_cst) & 1) != 0; }

  std::size_t threads();

 private:
  // An odd number means that the leader is inside a job; every change of it is a new number, so the
  // sentinel and the leader agree by one compare-and-swap on who leads afterwards.
  using Turn = std::uint64_t;
  using Batch = std::vector<std::shared_ptr<Flushable>>;

  void stand_by();
  // Of a thread, for ever; the last one runs what was posted, and drops the jobs.
  void leave();
  void lead();
  // Runs the waiting jobs, then flushes; false when the lead was lost meanwhile.
  bool run_jobs();
  bool run_leading(std::shared_ptr<Job> job);
  // Runs a job after the lead was given away, then what found no thread.
  void run_outside(std::shared_ptr<Job> job);
  bool give_lead_away() AIGES_REQUIRES(mutex_);
  static void flush_all(Batch& batch);

  static thread_local Batch* batch_of_this_thread;

  const std::size_t max_threads_;
  Sentinel& sentinel_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;

  // The leader's own.
  std::deque<std::shared_ptr<Job>> jobs_;
  Batch dirty_;

  std::atomic<Turn> turn_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> wary_{false};        // a job hung lately: give the lead away before the next
  std::atomic<std::size_t> outside_{0};  // threads that run a job without leading
  Turn last_look_ = 0;                   // the sentinel's own

  Mutex mutex_;
  CondVar called_;
  CondVar left_;
  bool lead_is_free_ AIGES_GUARDED_BY(mutex_) = false;
  std::size_t standing_by_ AIGES_GUARDED_BY(mutex_) = 0;
  std::size_t threads_ AIGES_GUARDED_BY(mutex_) = 0;
  bool ended_ AIGES_GUARDED_BY(mutex_) = false;  // nothing is posted any more
  // Jobs that found no thread: whoever finishes one takes the next.
  std::deque<std::shared_ptr<Job>> backlog_ AIGES_GUARDED_BY(mutex_);
};

}  // namespace aiges::server
