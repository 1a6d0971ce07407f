#include "abi/symbol_table.h"

#include <vector>

namespace aiges {
namespace {

struct Need {
  const char* symbol;
  bool present;
};

std::string missing(const std::vector<Need>& needs) {
  std::string text;
  for (const Need& need : needs)
    if (!need.present) text += (text.empty() ? "" : ", ") + std::string(need.symbol);
  return text;
}

struct ModeNeeds {
  Mode mode;
  const char* name;
  std::vector<Need> needs;
};

std::vector<ModeNeeds> needs_of(const SymbolTable& table) {
  const Need create{"wrapperCreate", table.create != nullptr};
  const Need write{"wrapperWrite", table.write != nullptr};
  const Need read{"wrapperRead", table.read != nullptr};
  const Need destroy{"wrapperDestroy", table.destroy != nullptr};
  return {
      {Mode::kOnce,
       "once",
       {{"wrapperExec", table.exec != nullptr}, {"wrapperExecFree", table.exec_free != nullptr}}},
      {Mode::kOnceAsync, "once_async", {{"wrapperExecAsync", table.exec_async != nullptr}}},
      {Mode::kStream, "stream", {create, write, read, destroy}},
      {Mode::kStreamAsync, "stream_async", {create, write, destroy}},
  };
}

}  // namespace

ModeSet SymbolTable::modes() const {
  ModeSet set = 0;
  for (const ModeNeeds& entry : needs_of(*this))
    if (missing(entry.needs).empty()) set |= static_cast<ModeSet>(entry.mode);
  return set;
}

Result<SymbolTable> SymbolTable::resolve(const SharedLibrary& library, ModeSet wanted) {
  SymbolTable table;
  const auto find = [&library](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(library.symbol(name));
  };
  find(table.init, "wrapperInit");
  find(table.fini, "wrapperFini");
  find(table.error, "wrapperError");
  find(table.version, "wrapperVersion");
  find(table.set_ctrl, "wrapperSetCtrl");
  find(table.exec, "wrapperExec");
  find(table.exec_free, "wrapperExecFree");
  find(table.exec_async, "wrapperExecAsync");
  find(table.create, "wrapperCreate");
  find(table.write, "wrapperWrite");
  find(table.read, "wrapperRead");
  find(table.destroy, "wrapperDestroy");
  find(table.debug_info, "wrapperDebugInfo");
  find(table.load_res, "wrapperLoadRes");
  find(table.unload_res, "wrapperUnloadRes");
  find(table.abi_version, "wrapperAbiVersion");
  find(table.schema, "wrapperSchema");
  find(table.cancel, "wrapperCancel");
  find(table.batch_exec, "wrapperBatchExec");

  std::string problems;
  const std::string always = missing({{"wrapperInit", table.init != nullptr},
                                      {"wrapperFini", table.fini != nullptr},
                                      {"wrapperError", table.error != nullptr}});
  if (!always.empty()) problems += "\n  every engine: " + always;
  const ModeSet offered = table.modes();
  for (const ModeNeeds& entry : needs_of(table)) {
    const std::string lacks = missing(entry.needs);
    if (!lacks.empty() && (wanted == 0 ? offered == 0 : has_mode(wanted, entry.mode)))
      problems += std::string("\n  mode ") + entry.name + ": " + lacks;
  }
  if (problems.empty()) return table;
  const char* hint =
      wanted == 0 && offered == 0
          ? "\nOne complete mode is enough. If the functions exist in the source, they are "
            "probably not exported: declare them extern \"C\" with default visibility."
          : "";
  return Status(ErrorKind::kLoad, Code::kLoad, "load",
                "'" + library.path() +
                    "' is not a usable engine; missing symbols, by what needs them:" + problems +
                    hint);
}

}  // namespace aiges
