#pragma once

#include "bindings/python.h"

#include <memory>
#include <string>

#include "bindings/completion_queue.h"
#include "engine/engine_host.h"

namespace aiges::py {

// What a Python Engine object holds.
class EngineHandle {
 public:
  // Loads and starts an engine; without the GIL for as long as foreign code runs.
  static std::unique_ptr<EngineHandle> load_library(const std::string& path, std::string name,
                                                    const pybind11::object& config,
                                                    std::size_t concurrency, unsigned modes);
  static std::unique_ptr<EngineHandle> load_wrapper(pybind11::object bound, std::string name,
                                                    const pybind11::object& config,
                                                    std::size_t concurrency, unsigned modes);
  // An engine that nobody closed is closed on a thread of its own.
  ~EngineHandle();

  EngineHost& host() { return *host_; }
  const std::shared_ptr<EngineHost>& shared_host() { return host_; }
  const std::string& name() const { return host_->name(); }
  const std::string& path() const { return path_; }
  bool is_python() const { return is_python_; }

  PyObject* exec(PyObject* data, PyObject* params, PyObject* resources, PyObject* timeout);
  pybind11::object start_exec(pybind11::object data, pybind11::object params,
                              pybind11::object resources, pybind11::object timeout,
                              const std::shared_ptr<CompletionQueue>& queue,
                              pybind11::object token);
  std::uint32_t load_resource(pybind11::object data, pybind11::object key, pybind11::object desc);
  void unload_resource(std::uint32_t id);
  void close(pybind11::object timeout);
  pybind11::dict stats();

  // Listeners for what the engine meters, traces and measures. For events raised outside of a call
  // `token` goes to `queue`; it should call deliver_events().
  void listen(int event, pybind11::object listener, const std::shared_ptr<CompletionQueue>& queue,
              pybind11::object token);
  void deliver_events();

 private:
  EngineHandle(std::unique_ptr<Engine> engine, std::string name, std::string path, bool is_python,
               std::size_t concurrency, unsigned modes);
  void start(const pybind11::object& config);

  std::shared_ptr<EngineHost> host_;
  std::string path_;
  const bool is_python_;
  std::vector<pybind11::object> listeners_[3];
};

// What the engines and servers of this extension share; made once, kept until the process ends.
Runtime& runtime();

// Seconds, as Python callers give them, or None: never.
Deadline deadline_of(PyObject* timeout);

// Looks for signals that wait for Python's main thread; null on every other thread.
Interrupt* interrupt_of_this_thread();

// Gives a Python wrapper's asynchronous answer to whom it belongs; 0, or -1 for an unknown tag.
int deliver_callback(const std::string& tag, pybind11::object response);
// The same for meters (value is an int) and traces.
int deliver_event(int event, const std::string& tag, const std::string& key,
                  const std::string& text, std::int64_t count);

void register_engine(pybind11::module_& module);
void register_session(pybind11::module_& module);

}  // namespace aiges::py
