/* A stand-in for NVIDIA's management library, built by the lab: answers as an RTX 3090, as a computer without a card (FAKE_NVML=none),
   as a driver that was updated without a restart (mismatch), that is not loaded (unloaded), or of 2020 (old). */
#include <stdlib.h>
#include <string.h>

#define DOOR __declspec(dllexport) int
enum { OK = 0, INVALID = 2, NOT_SUPPORTED = 3, SMALL = 7, NO_FUNCTION = 13, NOT_LOADED = 9, MISMATCH = 18 };
typedef unsigned long long u64;
typedef struct { u64 total, free, used; } memory;
typedef struct { unsigned version; u64 total, reserved, free, used; } memory_v2;
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } pci;

static int said(const char *word) {
  const char *value = getenv("FAKE_NVML");
  return value && !strcmp(value, word);
}
static int text(char *to, unsigned length, const char *from) {
  if (strlen(from) >= length) return SMALL;
  strcpy(to, from);
  return OK;
}

DOOR nvmlInit_v2(void) { return said("mismatch") ? MISMATCH : said("unloaded") ? NOT_LOADED : OK; }
DOOR nvmlInitWithFlags(unsigned flags) { return nvmlInit_v2(); }
DOOR nvmlShutdown(void) { return OK; }
__declspec(dllexport) const char *nvmlErrorString(int code) { return code == MISMATCH ? "Driver/library version mismatch" : "error"; }
DOOR nvmlDeviceGetCount_v2(unsigned *count) { *count = said("none") ? 0 : 1; return OK; }
DOOR nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  if (index || said("none")) return INVALID;
  *device = (void *)1;
  return OK;
}
DOOR nvmlDeviceGetName(void *d, char *name, unsigned length) { return text(name, length, "NVIDIA GeForce RTX 3090"); }
DOOR nvmlDeviceGetUUID(void *d, char *uuid, unsigned length) { return text(uuid, length, "GPU-00000000-0000-0000-0000-000000003090"); }
DOOR nvmlSystemGetDriverVersion(char *version, unsigned length) { return text(version, length, "566.36"); }
DOOR nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12070; return OK; }
DOOR nvmlDeviceGetMemoryInfo(void *d, memory *m) { m->total = 25769803776ull; m->used = 1200000000ull; m->free = m->total - m->used; return OK; }
DOOR nvmlDeviceGetMemoryInfo_v2(void *d, memory_v2 *m) { m->total = 25769803776ull; m->reserved = 0; m->used = 1200000000ull; m->free = m->total - m->used; return OK; }
DOOR nvmlDeviceGetCudaComputeCapability(void *d, int *major, int *minor) { *major = 8; *minor = 6; return OK; }
DOOR nvmlDeviceGetEnforcedPowerLimit(void *d, unsigned *milliwatts) { *milliwatts = 350000; return OK; }
DOOR nvmlDeviceGetMaxPcieLinkGeneration(void *d, unsigned *generation) { *generation = 4; return OK; }
DOOR nvmlDeviceGetMaxPcieLinkWidth(void *d, unsigned *lanes) { *lanes = 16; return OK; }
DOOR nvmlDeviceGetDisplayActive(void *d, int *active) { *active = 1; return OK; }
DOOR nvmlDeviceGetDriverModel(void *d, int *now, int *next) { *now = *next = 0; return OK; }
DOOR nvmlDeviceGetDriverModel_v2(void *d, int *now, int *next) { return said("old") ? NO_FUNCTION : nvmlDeviceGetDriverModel(d, now, next); }
DOOR nvmlDeviceGetPciInfo_v3(void *d, pci *p) { memset(p, 0, sizeof *p); p->bus = 1; p->id = 0x220410DE; strcpy(p->bus_id, "00000000:01:00.0"); return OK; }
DOOR nvmlDeviceGetComputeRunningProcesses_v3(void *d, unsigned *count, void *list) { *count = 0; return OK; }
