#include "bindings/engine_handle.h"

#include <cmath>
#include <map>
#include <thread>

#include "abi/c_engine.h"
#include "base/fork.h"
#include "bindings/errors.h"
#include "bindings/pinned_request.h"
#include "bindings/py_engine.h"
#include "bindings/result_object.h"

namespace aiges::py {
namespace {

namespace pb = pybind11;

// The engines of this interpreter, by the number in their tags: how a Python wrapper's callback,
// which names only a tag, is led to its engine.
struct Directory {
  Mutex mutex;
  std::map<std::uint32_t, std::weak_ptr<EngineHost>> engines AIGES_GUARDED_BY(mutex);
};
Directory& directory() {
  static auto* const instance = new Directory;
  return *instance;
}

std::shared_ptr<EngineHost> engine_of_tag(const std::string& tag) {
  const std::optional<TagId> id = TagText::parse(tag.c_str());
  if (!id) return nullptr;
  Directory& all = directory();
  MutexLock lock(all.mutex);
  const auto found = all.engines.find(engine_number_of(*id));
  return found == all.engines.end() ? nullptr : found->second.lock();
}

class SignalInterrupt final : public Interrupt {
 public:
  bool pending() override {
    const AcquireGil gil;
    return PyErr_CheckSignals() != 0;  // leaves the exception set for the caller
  }
};

unsigned long main_thread_id = 0;

// The result of a wrapper's callback, unpacked only when somebody wants it.
class PythonCallbackResult final : public EngineContext::ResultMaker {
 public:
  PythonCallbackResult(EngineHost& host, PyObject* response) : host_(host), response_(response) {}
  Result<OutputPtr> make() override {
    auto& engine = static_cast<PyEngine&>(host_.engine());
    return engine.take_response(response_, "callback", Code::kCallback, false);
  }

 private:
  EngineHost& host_;
  PyObject* response_;
};

std::vector<Pair> config_pairs(const PinnedRequest& config) {
  return {config.params().begin(), config.params().end()};
}

}  // namespace

// The program is this extension module: it makes the runtime, and keeps it until the process ends,
// because outputs and threads of engines may live as long.
Runtime& runtime() {
  static auto* const instance = new Runtime;
  return *instance;
}

Deadline deadline_of(PyObject* timeout) {
  if (!timeout || timeout == Py_None) return Deadline::never();
  const double seconds = PyFloat_AsDouble(timeout);
  if (PyErr_Occurred()) throw pb::error_already_set();
  if (std::isnan(seconds) || seconds < 0) {
    PyErr_SetString(PyExc_ValueError, "timeout must be None or a number of seconds, not negative");
    throw pb::error_already_set();
  }
  constexpr double kCentury = 3.2e9;  // seconds; beyond it, arithmetic with clocks overflows
  if (seconds > kCentury) return Deadline::never();
  return Deadline::after(
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
}

Interrupt* interrupt_of_this_thread() {
  static SignalInterrupt interrupt;  // has no state
  return PyThread_get_thread_ident() == main_thread_id ? &interrupt : nullptr;
}

EngineHandle::EngineHandle(std::unique_ptr<Engine> engine, std::string name, std::string path,
                           bool is_python, std::size_t concurrency, unsigned modes)
    : path_(std::move(path)), is_python_(is_python) {
  EngineHost::Options options;
  options.name = std::move(name);
  options.concurrency = concurrency;
  options.wanted_modes = modes;
  host_ = std::make_shared<EngineHost>(runtime(), std::move(engine), std::move(options));
}

EngineHandle::~EngineHandle() {
  if (host_->closed()) return;
  if (host_->in_forked_child()) {
    new std::shared_ptr<EngineHost>(std::move(host_));  // left alone: see in_forked_child()
    return;
  }
  // Not here: finishing runs foreign code, waits, and for a wrapper needs the GIL.
  std::thread([host = std::move(host_)] { (void)host->close({}); }).detach();
}

std::unique_ptr<EngineHandle> EngineHandle::load_library(const std::string& path, std::string name,
                                                         const pb::object& config,
                                                         std::size_t concurrency, unsigned modes) {
  Result<std::unique_ptr<CEngine>> engine = [&] {
    const ReleaseGil released;  // constructors in the library may take their time
    return CEngine::load(path, modes);
  }();
  if (!engine.ok()) throw_error(engine.status(), name);
  std::string found = engine.value()->path();
  std::unique_ptr<EngineHandle> handle(new EngineHandle(
      std::move(engine.value()), std::move(name), std::move(found), false, concurrency, modes));
  handle->start(config);
  return handle;
}

std::unique_ptr<EngineHandle> EngineHandle::load_wrapper(pb::object bound, std::string name,
                                                         const pb::object& config,
                                                         std::size_t concurrency, unsigned modes) {
  auto engine = std::make_unique<PyEngine>(Ref::borrow(bound.ptr()));
  std::unique_ptr<EngineHandle> handle(new EngineHandle(std::move(engine), std::move(name),
                                                        pb::cast<std::string>(bound.attr("path")),
                                                        true, concurrency, modes));
  handle->start(config);
  return handle;
}

void EngineHandle::start(const pb::object& config) {
  PinnedRequest pinned;
  Status status = pinned.set_params(config.ptr());
  if (status.ok()) {
    const std::vector<Pair> pairs = config_pairs(pinned);
    const ReleaseGil released;  // initialisation loads models
    status = host_->start(pairs);
  }
  if (!status.ok()) throw_error(status, name());
  Directory& all = directory();
  MutexLock lock(all.mutex);
  std::erase_if(all.engines, [](const auto& entry) { return entry.second.expired(); });
  all.engines.emplace(host_->number(), host_);
}

PyObject* EngineHandle::exec(PyObject* data, PyObject* params, PyObject* resources,
                             PyObject* timeout) {
  run_waiting_gil_work();
  const WaitLimit limit{deadline_of(timeout), interrupt_of_this_thread()};
  // On this thread, unless somebody may want to stop waiting: then the engine runs on another one.
  // That costs two wake-ups, which a call of milliseconds does not notice.
  const bool interruptible = limit.interrupt && !is_python_ && host_->slow();
  const bool direct =
      limit.deadline.infinite() && !interruptible && has_mode(host_->modes(), Mode::kOnce);
  Result<OutputPtr> result = OutputPtr();
  const auto fill = [&](PinnedRequest& request) {
    Status status = request.set_params(params);
    if (status.ok()) status = request.set_data(data, kStatusOnce);
    if (status.ok()) status = request.set_resources(resources);
    return status;
  };
  if (direct) {
    PinnedRequest pinned;
    if (Status status = fill(pinned); !status.ok()) {
      set_error(status, name());
      return nullptr;
    }
    const Request& request = pinned.request();
    const ReleaseGil released;  // the engine computes
    result = host_->exec(request, limit);
  } else {
    const std::shared_ptr<PinnedRequest> pinned = make_shared_request();
    if (Status status = fill(*pinned); !status.ok()) {
      set_error(status, name());
      return nullptr;
    }
    std::shared_ptr<const Request> request = as_request(pinned);
    const ReleaseGil released;  // this thread waits
    result = host_->exec_waiting(std::move(request), limit);
  }
  run_waiting_gil_work();  // the request's buffers, dropped by the thread that had it
  if (host_->events().pending()) deliver_events();
  if (result.ok() && !PyErr_Occurred()) return make_result(std::move(result.value()));
  if (!result.ok()) set_error(result.status(), name());
  return nullptr;
}

pb::object EngineHandle::start_exec(pb::object data, pb::object params, pb::object resources,
                                    pb::object timeout,
                                    const std::shared_ptr<CompletionQueue>& queue,
                                    pb::object token) {
  run_waiting_gil_work();
  const Deadline deadline = deadline_of(timeout.ptr());
  const std::shared_ptr<PinnedRequest> pinned = make_shared_request();
  Status status = pinned->set_params(params.ptr());
  if (status.ok()) status = pinned->set_data(data.ptr(), kStatusOnce);
  if (status.ok()) status = pinned->set_resources(resources.ptr());
  if (!status.ok()) throw_error(status, name());
  std::shared_ptr<const Request> request = as_request(pinned);
  std::shared_ptr<void> shared_token = share_object(Ref::borrow(token.ptr()));
  Operation::Completion completion = [queue, held = std::move(shared_token),
                                      engine = name()](Result<OutputPtr> result) mutable {
    // The token goes along: dropped here, it would wait for a thread that has the GIL.
    queue->push(std::move(held), std::move(result), engine);
  };
  std::shared_ptr<Operation> operation;
  {
    const ReleaseGil released;  // wrapperExecAsync is foreign code
    operation = host_->exec_async(std::move(request), deadline, std::move(completion));
  }
  return pb::cast(operation);
}

std::uint32_t EngineHandle::load_resource(pb::object data, pb::object key, pb::object desc) {
  PinnedRequest pinned;
  // As AIGES would send it: one node, type personal, status end.
  Status status = pinned.add_item(key.ptr(), data.ptr(), desc.is_none() ? nullptr : desc.ptr(),
                                  kStatusEnd, kStatusEnd);
  if (!status.ok()) throw_error(status, name());
  DataItem item = pinned.items()[0];
  item.type = kTypePersonal;
  Result<std::uint32_t> id = [&] {
    const ReleaseGil released;  // the engine reads the resource
    return host_->load_resource(item);
  }();
  if (!id.ok()) throw_error(id.status(), name());
  return id.value();
}

void EngineHandle::unload_resource(std::uint32_t id) {
  Status status = [&] {
    const ReleaseGil released;  // foreign code
    return host_->unload_resource(id);
  }();
  if (!status.ok()) throw_error(status, name());
}

void EngineHandle::close(pb::object timeout) {
  run_waiting_gil_work();
  const WaitLimit limit{deadline_of(timeout.ptr()), interrupt_of_this_thread()};
  Status status = [&] {
    // Calls that are waited for may need the GIL to end, and so does a wrapper's wrapperFini.
    const ReleaseGil released;
    return host_->close(limit);
  }();
  if (host_->events().pending()) deliver_events();
  if (!status.ok()) throw_error(status, name());
}

pb::dict EngineHandle::stats() {
  Stats& stats = host_->stats();
  pb::dict all;
  const auto add = [&all](const char* key, const Stats::Counter& counter) {
    all[key] = counter.load(std::memory_order_relaxed);
  };
  add("calls", stats.calls);
  add("failures", stats.failures);
  const std::uint64_t inside = host_->gate().calls();
  const std::uint64_t sessions = host_->live_sessions();
  all["in_flight"] = inside > sessions ? inside - sessions : 0;
  all["outputs_live"] = host_->gate().outputs();
  add("exec_free", stats.exec_free);
  add("outputs_abandoned", stats.outputs_abandoned);
  add("callbacks", stats.callbacks);
  add("callbacks_late", stats.callbacks_late);
  add("callbacks_double", stats.callbacks_double);
  add("callbacks_unknown", stats.callbacks_unknown);
  add("sessions_created", stats.sessions_created);
  all["sessions_live"] = sessions;
  all["resources_live"] = host_->resources().size();
  add("bytes_in", stats.bytes_in);
  add("bytes_out", stats.bytes_out);
  add("bytes_copied", stats.bytes_copied);
  pb::dict meter;
  for (const auto& [key, total] : host_->events().totals())
    meter[pb::reinterpret_steal<pb::object>(
        PyUnicode_DecodeUTF8(key.data(), static_cast<Py_ssize_t>(key.size()), "replace"))] = total;
  all["meter"] = meter;
  return all;
}

void EngineHandle::listen(int event, pb::object listener,
                          const std::shared_ptr<CompletionQueue>& queue, pb::object token) {
  listeners_[event].push_back(std::move(listener));
  host_->events().listen(static_cast<EngineContext::Event>(event),
                         [queue, held = share_object(Ref::borrow(token.ptr()))] {
                           queue->push(held, OutputPtr(), {});
                         });
}

void EngineHandle::deliver_events() {
  // An error of the call itself must survive the listeners.
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  for (const EventLog::Event& event : host_->events().take()) {
    const auto text = [](const std::string& from) {
      return pb::reinterpret_steal<pb::object>(
          PyUnicode_DecodeUTF8(from.data(), static_cast<Py_ssize_t>(from.size()), "replace"));
    };
    const pb::object tag = text(event.tag);
    const pb::object key = text(event.key);
    const pb::object last = event.kind == EngineContext::Event::kMeter
                                ? pb::object(pb::int_(event.count))
                                : text(event.value);
    const auto listeners = listeners_[static_cast<int>(event.kind)];  // a copy: they may add some
    for (const pb::object& listener : listeners) {
      const Ref done = Ref::steal(
          PyObject_CallFunctionObjArgs(listener.ptr(), tag.ptr(), key.ptr(), last.ptr(), nullptr));
      // A listener's mistake is not the engine's, nor the caller's.
      if (!done) PyErr_WriteUnraisable(listener.ptr());
    }
  }
  PyErr_Restore(type, value, traceback);
}

int deliver_callback(const std::string& tag, pb::object response) {
  const std::shared_ptr<EngineHost> host = engine_of_tag(tag);
  if (!host || !dynamic_cast<PyEngine*>(&host->engine())) return -1;
  PythonCallbackResult result(*host, response.ptr());
  return host->on_result(tag.c_str(), result);
}

int deliver_event(int event, const std::string& tag, const std::string& key,
                  const std::string& text, std::int64_t count) {
  const std::shared_ptr<EngineHost> host = engine_of_tag(tag);
  if (!host) return -1;
  return host->on_event(static_cast<EngineContext::Event>(event), tag.c_str(), key.c_str(),
                        text.c_str(), count);
}

namespace {

// `Engine.exec` as a plain C method: argument parsing by pybind11 would cost as much again as the
// rest of the call.
PyObject* exec_method(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  PyObject* values[4] = {nullptr, nullptr, nullptr, nullptr};
  static const char* const kNames[4] = {"data", "params", "resources", "timeout"};
  if (count > 2) {
    return PyErr_Format(PyExc_TypeError,
                        "exec() takes at most 2 positional arguments (data, params), %zd given",
                        count);
  }
  for (Py_ssize_t i = 0; i < count; ++i) values[i] = args[i];
  const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* name = PyTuple_GET_ITEM(names, i);
    int index = 0;
    while (index < 4 && PyUnicode_CompareWithASCIIString(name, kNames[index]) != 0) ++index;
    if (index == 4)
      return PyErr_Format(PyExc_TypeError, "exec() got an unexpected keyword argument %R", name);
    if (values[index]) {
      return PyErr_Format(PyExc_TypeError, "exec() got multiple values for argument '%s'",
                          kNames[index]);
    }
    values[index] = args[count + i];
  }
  if (!values[0])
    return PyErr_Format(PyExc_TypeError, "exec() is missing the required argument 'data'");
  try {
    return behind<EngineHandle>(pb::reinterpret_borrow<pb::object>(self))
        .exec(values[0], values[1], values[2], values[3]);
  } catch (pb::error_already_set& error) {
    error.restore();
  } catch (const pb::type_error& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  }
  return nullptr;
}

PyMethodDef exec_definition = {
    "exec", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(exec_method)),
    METH_FASTCALL | METH_KEYWORDS,
    "exec($self, /, data, params=None, *, resources=(), timeout=None)\n--\n\n"
    "Computes one request and returns its Result.\n\n"
    "data: mapping from key to payload: bytes-like, str (UTF-8 text), a C-contiguous NumPy array,\n"
    "or Text/Audio/Image/Video/Personal(...). The engine reads it in place; do not change it\n"
    "before the call returns.\n"
    "params: mapping from str to str, int, float or bool. The engine also sees \"sid\".\n"
    "resources: ids from load_resource().\n"
    "timeout: seconds to wait, or None. After it the engine may still be working; its answer is\n"
    "dropped.\n\n"
    "Raises EngineError, InvalidDataError, DeadlineError, OverloadError."};

}  // namespace

// Runs when the interpreter is gone, and with it the last results: what they kept from being
// finished is finished now, with a limit, since nobody can interrupt this any more.
static void finish_remaining_engines() {
  std::vector<std::shared_ptr<EngineHost>> left;
  {
    Directory& all = directory();
    MutexLock lock(all.mutex);
    for (const auto& [number, weak] : all.engines)
      if (std::shared_ptr<EngineHost> host = weak.lock()) left.push_back(std::move(host));
  }
  const Deadline deadline = Deadline::after(std::chrono::seconds(1));
  for (const auto& host : left)
    if (host->closed()) (void)host->close({deadline, nullptr});
}

void register_engine(pb::module_& module) {
  main_thread_id = PyThread_get_thread_ident();
  Py_AtExit(finish_remaining_engines);  // at most 32 per process; without it nothing is lost
  pb::class_<Operation, std::shared_ptr<Operation>>(module, "Operation",
                                                    "An asynchronous call under way.")
      .def(
          "cancel",
          [](Operation& operation) {
            const ReleaseGil released;  // tells the engine: foreign code
            return operation.cancel();
          },
          "Gives the call up; False when it had ended.");

  pb::class_<EngineHandle> engine(module, "Engine", "A loaded engine, without the comforts.");
  engine
      .def(pb::init([](const std::string& path, const std::string& name, const pb::object& config,
                       std::size_t concurrency, unsigned modes, pb::object bound) {
             return bound.is_none()
                        ? EngineHandle::load_library(path, name, config, concurrency, modes)
                        : EngineHandle::load_wrapper(std::move(bound), name, config, concurrency,
                                                     modes);
           }),
           pb::arg("path"), pb::arg("name"), pb::arg("config"), pb::arg("concurrency"),
           pb::arg("modes"), pb::arg("bound") = pb::none())
      .def("start_exec", method(&EngineHandle::start_exec), pb::arg("data"), pb::arg("params"),
           pb::arg("resources"), pb::arg("timeout"), pb::arg("queue"), pb::arg("token"))
      .def("load_resource", method(&EngineHandle::load_resource), pb::arg("data"), pb::kw_only(),
           pb::arg("key") = "", pb::arg("desc") = pb::none(),
           "Gives the engine a personal resource and returns its id, for the `resources` of later "
           "calls.\n\nRaises EngineError, InvalidDataError.")
      .def("unload_resource", method(&EngineHandle::unload_resource), pb::arg("id"),
           "Takes a resource from the engine.\n\nRaises InvalidDataError for an unknown id, "
           "SessionError while it is in use, EngineError.")
      .def("stats", method(&EngineHandle::stats), "Counters since the engine was loaded, by name.")
      .def("_close", method(&EngineHandle::close), pb::arg("timeout"))
      .def("_listen", method(&EngineHandle::listen), pb::arg("event"), pb::arg("listener"),
           pb::arg("queue"), pb::arg("token"))
      .def("_deliver_events", method(&EngineHandle::deliver_events))
      .def_property_readonly(
          "name", [](const pb::object& self) { return behind<EngineHandle>(self).name(); },
          "The engine's name, for messages.")
      .def_property_readonly(
          "path", [](const pb::object& self) { return behind<EngineHandle>(self).path(); },
          "The file it was loaded from.")
      .def_property_readonly(
          "version",
          [](const pb::object& self) {
            const std::string& text = behind<EngineHandle>(self).host().version();
            return pb::reinterpret_steal<pb::str>(
                PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
          },
          "What wrapperVersion said; empty if it is not exported.")
      .def_property_readonly(
          "schema",
          [](const pb::object& self) -> pb::object {
            const auto& text = behind<EngineHandle>(self).host().schema();
            if (!text) return pb::none();
            return pb::reinterpret_steal<pb::str>(PyUnicode_DecodeUTF8(
                text->data(), static_cast<Py_ssize_t>(text->size()), "replace"));
          },
          "The engine's own schema (JSON text), or None.")
      .def_property_readonly(
          "_mode_bits",
          [](const pb::object& self) { return behind<EngineHandle>(self).host().modes(); })
      .def_property_readonly(
          "closed",
          [](const pb::object& self) { return behind<EngineHandle>(self).host().closed(); },
          "Whether close() was called.");
  const pb::object exec = pb::reinterpret_steal<pb::object>(
      PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(engine.ptr()), &exec_definition));
  engine.attr("exec") = exec;

  module.def("deliver_callback", &deliver_callback, pb::arg("tag"), pb::arg("response"));
  module.def("deliver_event", &deliver_event, pb::arg("event"), pb::arg("tag"), pb::arg("key"),
             pb::arg("text"), pb::arg("count"));
  module.def(
      "set_data_class", [](pb::object type) { set_data_class(type.ptr()); }, pb::arg("type"));
}

}  // namespace aiges::py
