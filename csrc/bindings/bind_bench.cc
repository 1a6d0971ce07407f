#include "bindings/bind_bench.h"

#include <pybind11/stl.h>

#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "client/load_generator.h"

namespace aiges::py {
namespace {

namespace pb = pybind11;
using client::Histogram;
using client::LoadPlan;

std::chrono::nanoseconds seconds_of(const pb::handle& value, const char* name) {
  const auto seconds = pb::cast<double>(value);
  if (!(seconds >= 0 && seconds < 1e9))
    throw pb::value_error("'" + std::string(name) + "' must be a number of seconds");
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

// The plan's keys are the fields of aiges_native.bench.LoadPlan; an unknown one is an error.
LoadPlan plan_of(const pb::dict& given) {
  LoadPlan plan;
  for (const auto& [key, value] : given) {
    const auto name = pb::cast<std::string>(key);
    if (name == "target") {
      plan.target = pb::cast<std::string>(value);
    } else if (name == "protocol") {
      const auto protocol = pb::cast<std::string>(value);
      if (protocol != "aiges" && protocol != "xsf")
        throw pb::value_error("'protocol' must be 'aiges' or 'xsf'");
      plan.protocol = protocol == "xsf" ? client::Protocol::kXsf : client::Protocol::kAiges;
    } else if (name == "engine") {
      plan.engine = pb::cast<std::string>(value);
    } else if (name == "token") {
      plan.token = pb::cast<std::string>(value);
    } else if (name == "data") {
      for (const auto& item : pb::cast<std::vector<std::tuple<std::string, pb::bytes, int>>>(value))
        plan.payloads.push_back(
            {std::get<0>(item), std::string(std::get<1>(item)), std::get<2>(item), {}});
    } else if (name == "params") {
      plan.params = pb::cast<decltype(plan.params)>(value);
    } else if (name == "outputs") {
      plan.outputs = pb::cast<decltype(plan.outputs)>(value);
    } else if (name == "expected") {
      for (const auto& item :
           pb::cast<std::vector<std::tuple<std::string, pb::bytes, pb::bytes>>>(value))
        plan.expected.push_back(
            {std::get<0>(item), std::string(std::get<1>(item)), std::string(std::get<2>(item))});
    } else if (name == "stamp_key") {
      plan.stamp_key = pb::cast<std::string>(value);
    } else if (name == "stream") {
      plan.stream = pb::cast<bool>(value);
    } else if (name == "frames") {
      plan.frames = pb::cast<std::size_t>(value);
    } else if (name == "frame_size") {
      plan.frame_size = pb::cast<std::size_t>(value);
    } else if (name == "interval") {
      plan.interval = seconds_of(value, "interval");
    } else if (name == "concurrency") {
      plan.concurrency = pb::cast<std::size_t>(value);
    } else if (name == "connections") {
      plan.connections = pb::cast<std::size_t>(value);
    } else if (name == "threads") {
      plan.threads = pb::cast<std::size_t>(value);
    } else if (name == "rate") {
      plan.rate = pb::cast<double>(value);
    } else if (name == "warmup") {
      plan.warmup = seconds_of(value, "warmup");
    } else if (name == "duration") {
      plan.duration = seconds_of(value, "duration");
    } else if (name == "count") {
      plan.count = pb::cast<std::uint64_t>(value);
    } else if (name == "timeout") {
      plan.timeout = seconds_of(value, "timeout");
    } else {
      throw pb::type_error("a load plan has no '" + name + "'");
    }
  }
  return plan;
}

// Nanoseconds.
pb::dict figures_of(const Histogram& histogram) {
  pb::dict figures;
  figures["count"] = histogram.count();
  figures["min"] = histogram.min();
  figures["mean"] = histogram.mean();
  figures["p50"] = histogram.percentile(0.5);
  figures["p90"] = histogram.percentile(0.9);
  figures["p99"] = histogram.percentile(0.99);
  figures["p99.9"] = histogram.percentile(0.999);
  figures["max"] = histogram.max();
  figures["buckets"] = histogram.buckets();
  return figures;
}

pb::dict progress_of(const client::LoadProgress& progress) {
  pb::dict told;
  told["elapsed"] = progress.elapsed;
  told["warming"] = progress.warming;
  told["answered"] = progress.answered;
  told["failed"] = progress.failed;
  told["under_way"] = progress.under_way;
  told["p50"] = progress.p50;
  told["p99"] = progress.p99;
  return told;
}

pb::dict run_load(const pb::dict& given, const pb::object& on_progress) {
  LoadPlan plan = plan_of(given);
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  const auto tell = [&](const client::LoadProgress& progress) {
    const AcquireGil entered;
    if (type) return false;
    if (PyErr_CheckSignals() == 0) {
      if (on_progress.is_none()) return true;
      try {
        on_progress(progress_of(progress));
        return true;
      } catch (pb::error_already_set& error) {
        error.restore();
      }
    }
    PyErr_Fetch(&type, &value, &trace);
    return false;
  };
  const auto done = [&] {
    const ReleaseGil released;  // the run takes seconds, and threads of its own
    return client::run_load(std::move(plan), tell);
  }();
  if (type) {
    PyErr_Restore(type, value, trace);
    throw pb::error_already_set();
  }
  if (!done.ok()) {
    const Status& status = done.status();
    PyErr_SetString(status.where() == "connect" ? PyExc_ConnectionError : PyExc_ValueError,
                    status.message().c_str());
    throw pb::error_already_set();
  }
  const client::LoadReport& report = *done.value();
  pb::dict told;
  told["seconds"] = report.seconds;
  told["answered"] = report.answered;
  told["in_time"] = report.in_time;
  told["failed"] = report.failed;
  told["unsent"] = report.unsent;
  told["reconnects"] = report.reconnects;
  told["bytes_sent"] = report.bytes_sent;
  told["bytes_received"] = report.bytes_received;
  told["latency"] = figures_of(report.latency);
  told["ending"] = figures_of(report.ending);
  told["age"] = figures_of(report.age);
  pb::list failures;
  for (const auto& [failure, times] : report.failures) {
    // Texts come from a server, which may send any bytes.
    const auto text = [](const std::string& bytes) {
      return pb::reinterpret_steal<pb::object>(
          PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace"));
    };
    failures.append(pb::make_tuple(text(failure.code), text(failure.text), times));
  }
  told["failures"] = failures;
  return told;
}

}  // namespace

void register_bench(pb::module_& module) {
  module.def(
      "run_load", &run_load, pb::arg("plan"), pb::arg("on_progress") = pb::none(),
      "Drives a server with load; see aiges_native.bench. Raises ValueError, ConnectionError.");
}

}  // namespace aiges::py
