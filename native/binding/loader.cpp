// The only .node file: loads libtorch from a directory, then the core built against it, so that
// neither needs an rpath or LD_LIBRARY_PATH. It links to no libtorch itself.
#include <dlfcn.h>
#include <link.h>
#include <node_api.h>

#include <filesystem>
#include <string>

#include "binding/load_conditions.h"

namespace {

using bigtransfer::binding::ShortSpins;
using bigtransfer::binding::SomeWorkingDirectory;

using RegisterModule = napi_value (*)(napi_env, napi_value);

/// In order of dependence; their own dependencies lie beside them by $ORIGIN.
constexpr const char* kLibraries[] = {"libc10.so", "libtorch_cpu.so", "libtorch.so"};

void* open_library(const std::string& path) {
  // RTLD_LOCAL: another libtorch in the process, or sharp's libraries, must not see these symbols.
  return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

napi_value fail(napi_env env, const std::string& what) {
  const char* reason = dlerror();
  napi_throw_error(env, nullptr,
                   (what + (reason != nullptr ? std::string(": ") + reason : "")).c_str());
  return nullptr;
}

std::string text(napi_env env, napi_value value) {
  size_t size = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &size);
  std::string result(size, '\0');
  napi_get_value_string_utf8(env, value, result.data(), size + 1, &size);
  return result;
}

/// The folder of the libtorch that the process has loaded, whoever did; empty where there is none.
std::string loaded_libtorch() {
  std::string folder;
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* result) {
        const std::filesystem::path path(library->dlpi_name);
        if (path.filename() != kLibraries[1]) return 0;
        *static_cast<std::string*>(result) = path.parent_path().string();
        return 1;
      },
      &folder);
  return folder;
}

/// loaded(): that folder.
napi_value loaded(napi_env env, napi_callback_info) {
  const std::string folder = loaded_libtorch();
  napi_value result;
  napi_create_string_utf8(env, folder.c_str(), folder.size(), &result);
  return result;
}

/// libgomp, if it lies there: no other library then reads what it is to be told.
void open_gomp(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (!entry.path().filename().string().starts_with("libgomp")) continue;
    const ShortSpins spins;
    open_library(entry.path().string());
  }
}

/// open(libraryDirectory, corePath): the core's exports for this environment. Libraries that are
/// loaded already are found again by the dynamic loader, so that every worker thread may call it.
napi_value open(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  const std::string directory = text(env, arguments[0]);
  const SomeWorkingDirectory elsewhere(directory);
  open_gomp(directory);
  for (const char* name : kLibraries) {
    const std::string path = directory + "/" + name;
    if (open_library(path) == nullptr) return fail(env, "Cannot load " + path);
  }
  const std::string core_path = text(env, arguments[1]);
  void* core = open_library(core_path);
  if (core == nullptr) return fail(env, "Cannot load " + core_path);
  const auto register_module =
      reinterpret_cast<RegisterModule>(dlsym(core, "napi_register_module_v1"));
  if (register_module == nullptr) return fail(env, core_path + " is no addon");
  napi_value exports;
  napi_create_object(env, &exports);
  return register_module(env, exports);
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, open, nullptr, &function);
  napi_set_named_property(env, exports, "open", function);
  napi_create_function(env, "loaded", NAPI_AUTO_LENGTH, loaded, nullptr, &function);
  napi_set_named_property(env, exports, "loaded", function);
  return exports;
}
