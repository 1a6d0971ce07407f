#include "client/load_generator.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "client/worker.h"

namespace aiges::client {
namespace {

constexpr std::chrono::milliseconds kProgress{250};

// How many threads have ended.
struct Finish {
  Mutex mutex;
  CondVar changed;
  std::size_t ended AIGES_GUARDED_BY(mutex) = 0;
};

LoadProgress progress_of(const Run& run, const std::vector<std::unique_ptr<Worker>>& workers) {
  const Clock::time_point now = Clock::now();
  LoadProgress progress;
  progress.elapsed = std::chrono::duration<double>(now - run.begin).count();
  progress.warming = now < run.warm;
  Histogram latency;
  for (const auto& worker : workers) {
    worker->add_progress(progress);
    latency.add(worker->latency());
  }
  progress.p50 = latency.percentile(0.5);
  progress.p99 = latency.percentile(0.99);
  return progress;
}

void watch(Run& run, const std::vector<std::unique_ptr<Worker>>& workers, Finish& finish,
           const OnProgress& on_progress) {
  for (;;) {
    {
      const Deadline next = Deadline::after(kProgress);
      MutexLock lock(finish.mutex);
      while (finish.ended < workers.size())
        if (!finish.changed.wait_until(finish.mutex, next)) break;
      if (finish.ended == workers.size()) return;
    }
    if (on_progress && !on_progress(progress_of(run, workers)))
      run.cancelled.store(true, std::memory_order_relaxed);
  }
}

}  // namespace

Result<std::unique_ptr<LoadReport>> run_load(LoadPlan plan, const OnProgress& on_progress) {
  if (Status status = check(plan); !status.ok()) return status;
  const Result<Address> address = Address::resolve(plan.target);
  if (!address.ok()) return address.status();
  const Load load(std::move(plan));
  Run run(load, address.value());
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < load.plan.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(run, i));
    if (Status status = workers.back()->open(); !status.ok()) return status;
  }
  using std::chrono::duration_cast;
  run.begin = Clock::now();
  run.warm = run.begin + duration_cast<Clock::duration>(load.plan.warmup);
  if (load.plan.duration.count() != 0)
    run.stop = run.warm + duration_cast<Clock::duration>(load.plan.duration);

  Finish finish;
  std::vector<std::thread> threads;
  try {
    for (const auto& worker : workers) {
      threads.emplace_back([&worker, &finish] {
        worker->run();
        MutexLock lock(finish.mutex);
        ++finish.ended;
        finish.changed.notify_all();
      });
    }
  } catch (const std::system_error& error) {
    run.cancelled.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads) thread.join();
    return Status(ErrorKind::kOverload, Code::kInvalidData, "run_load",
                  std::string("no thread to be had: ") + error.what());
  }
  watch(run, workers, finish, on_progress);
  for (std::thread& thread : threads) thread.join();

  auto report = std::make_unique<LoadReport>();
  Clock::time_point end = run.warm;
  for (const auto& worker : workers) {
    report->add(worker->report());
    end = std::max(end, worker->last_answer());
  }
  const bool timed = load.plan.duration.count() != 0 && load.plan.count == 0 &&
                     !run.cancelled.load(std::memory_order_relaxed);
  report->seconds = std::chrono::duration<double>((timed ? run.stop : end) - run.warm).count();
  return report;
}

}  // namespace aiges::client
