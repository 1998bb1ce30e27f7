/* mscms.dll stub: Qt 6.12 asks for the monitor's ICC profile; Wine 8 aborts in WcsCreateIccProfile. All fail cleanly. */
#include <windows.h>
#define Z(n) __declspec(dllexport) void *WINAPI n(void){ SetLastError(ERROR_FILE_NOT_FOUND); return 0; }
Z(OpenColorProfileW) Z(OpenColorProfileA) Z(WcsCreateIccProfile) Z(GetColorProfileFromHandle) Z(CloseColorProfile)
Z(GetColorDirectoryA) Z(GetColorDirectoryW) Z(EnumColorProfilesA) Z(EnumColorProfilesW) Z(GetStandardColorSpaceProfileA) Z(GetStandardColorSpaceProfileW)
