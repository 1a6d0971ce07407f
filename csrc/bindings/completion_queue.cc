#include "bindings/completion_queue.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "bindings/errors.h"
#include "bindings/result_object.h"

namespace aiges::py {

CompletionQueue::CompletionQueue() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

CompletionQueue::~CompletionQueue() { ::close(fd_); }

void CompletionQueue::wake() const {
  const std::uint64_t one = 1;
  // The only failure is a counter that is full, and then the descriptor is readable.
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);
}

void CompletionQueue::push(std::shared_ptr<void> token, Result<OutputPtr> outcome,
                           std::string engine) {
  bool first = false;
  {
    MutexLock lock(mutex_);
    first = entries_.empty();
    entries_.push_back({std::move(token), std::move(outcome), std::move(engine)});
  }
  if (first) wake();
}

pybind11::list CompletionQueue::drain() {
  run_waiting_gil_work();
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_, &count, sizeof count);
  std::deque<Entry> taken;
  {
    MutexLock lock(mutex_);
    taken.swap(entries_);
  }
  pybind11::list list;
  for (Entry& entry : taken) {
    pybind11::object result = pybind11::none();
    pybind11::object error = pybind11::none();
    if (!entry.outcome.ok()) {
      Ref exception = make_exception(entry.outcome.status(), entry.engine);
      if (!exception) throw pybind11::error_already_set();
      error = pybind11::reinterpret_steal<pybind11::object>(exception.release());
    } else if (entry.outcome.value()) {
      result = pybind11::reinterpret_steal<pybind11::object>(
          make_result(std::move(entry.outcome.value())));
    }
    list.append(pybind11::make_tuple(
        pybind11::reinterpret_borrow<pybind11::object>(static_cast<PyObject*>(entry.token.get())),
        std::move(result), std::move(error)));
  }
  return list;
}

void CompletionQueue::wait() {
  // Nobody else may be kept from the interpreter while there is nothing to do.
  const ReleaseGil released;
  pollfd watched{fd_, POLLIN, 0};
  while (::poll(&watched, 1, -1) < 0 && errno == EINTR) {
  }
}

void register_completion_queue(pybind11::module_& module) {
  namespace pb = pybind11;
  pb::class_<CompletionQueue, std::shared_ptr<CompletionQueue>>(
      module, "CompletionQueue", "Outcomes of asynchronous calls on their way to Python.")
      .def(pb::init<>())
      .def("fileno", &CompletionQueue::fd, "A descriptor that is readable while outcomes wait.")
      .def("drain", &CompletionQueue::drain,
           "Takes everything: a list of (token, Result or None, exception or None).")
      .def("wait", &CompletionQueue::wait, "Blocks until something waits or wake() is called.")
      .def("wake", &CompletionQueue::wake, "Makes wait() return.");
}

}  // namespace aiges::py
