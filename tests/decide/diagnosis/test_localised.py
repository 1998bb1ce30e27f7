"""What Windows says in five languages is understood, in every encoding a log comes in.

German, French, Chinese, Japanese and Russian.
"""

from __future__ import annotations

import pytest

from app.decide.diagnosis.explain import explain
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

PAGES = {
    "de": ("cp1252", "cp850"),
    "fr": ("cp1252", "cp850"),
    "zh": ("gbk",),
    "ja": ("cp932",),
    "ru": ("cp1251", "cp866"),
}
PIP = (
    "ERROR: Could not install packages due to an OSError: %s: "
    "'C:\\\\env\\\\Lib\\\\site-packages\\\\torch\\\\lib\\\\c10.dll'"
)
DLL = (
    'OSError: %s Error loading "C:\\env\\lib\\site-packages\\torch\\lib\\{}.dll" or one of its '
    "dependencies."
)
LINK = (
    "OSError: %s: '..\\blobs\\ab' -> "
    "'C:\\Users\\kim\\.cache\\huggingface\\hub\\models--x\\snapshots\\y'"
)
# The cause, Windows' number (0: it tells none), what stands around the message, and the message in
# the five languages.
SAID: list[tuple[str, int, str, tuple[str, str, str, str, str]]] = [
    (
        "file_in_use",
        5,
        PIP,
        (
            "Zugriff verweigert",
            "Accès refusé",
            "拒绝访问。",
            "アクセスが拒否されました。",
            "Отказано в доступе",
        ),
    ),
    (
        "file_in_use",
        32,
        PIP,
        (
            "Der Prozess kann nicht auf die Datei zugreifen, da sie von einem anderen Prozess "
            "verwendet wird",
            "Le processus ne peut pas accéder au fichier car ce fichier est utilisé par un autre "
            "processus",
            "另一个程序正在使用此文件，进程无法访问。",
            "プロセスはファイルにアクセスできません。別のプロセスが使用中です。",
            "Процесс не может получить доступ к файлу, так как этот файл занят другим процессом",
        ),
    ),
    (
        "disk_full",
        112,
        "OSError: %s",
        (
            "Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung",
            "Espace insuffisant sur le disque",
            "磁盘空间不足。",
            "ディスクに十分な空き領域がありません。",
            "Недостаточно места на диске",
        ),
    ),
    (
        "long_path_limit",
        206,
        "FileNotFoundError: %s: 'C:\\x'",
        (
            "Der Dateiname oder die Erweiterung ist zu lang",
            "Nom de fichier ou extension trop long",
            "文件名或扩展名太长。",
            "ファイル名または拡張子が長すぎます。",
            "Имя файла или его расширение имеет слишком большую длину",
        ),
    ),
    (
        "antivirus_blocked",
        225,
        "ERROR: Error %s while executing command python setup.py egg_info",
        (
            "Der Vorgang konnte nicht erfolgreich abgeschlossen werden, da die Datei einen Virus "
            "oder möglicherweise unerwünschte "
            "Software enthält",
            "L'opération n'a pas abouti, car le fichier contient un virus ou un logiciel "
            "potentiellement indésirable",
            "无法成功完成操作，因为文件包含病毒或潜在的垃圾软件。",
            "ファイルにウイルスまたは望ましくない可能性のあるソフトウェアが含まれているため、操作は正常に完了しませんでした。",
            "Операция не была успешно завершена, так как файл содержит вирус или потенциально "
            "нежелательную программу",
        ),
    ),
    (
        "vcredist_outdated",
        1114,
        DLL.format("c10"),
        (
            "Eine DLL-Initialisierungsroutine ist fehlgeschlagen.",
            "Une routine d'initialisation d'une bibliothèque de liens dynamiques (DLL) a échoué.",
            "动态链接库(DLL)初始化例程失败。",
            "ダイナミック リンク ライブラリ (DLL) 初期化ルーチンの実行に失敗しました。",
            "Произошел сбой в программе инициализации библиотеки динамической компоновки (DLL).",
        ),
    ),
    (
        "torch_dll_libomp_missing",
        126,
        DLL.format("fbgemm"),
        (
            "Das angegebene Modul wurde nicht gefunden.",
            "Le module spécifié est introuvable.",
            "找不到指定的模块。",
            "指定されたモジュールが見つかりません。",
            "Не найден указанный модуль.",
        ),
    ),
    (
        "pagefile_too_small",
        1455,
        DLL.format("cublas64_11"),
        (
            "Die Auslagerungsdatei ist zu klein, um diesen Vorgang durchzuführen.",
            "Le fichier de pagination est insuffisant pour terminer cette opération.",
            "页面文件太小，无法完成操作。",
            "ページング ファイルが小さすぎるため、この操作を完了できません。",
            "Файл подкачки слишком мал для завершения операции.",
        ),
    ),
    (
        "hf_symlink_privilege",
        1314,
        LINK,
        (
            "Dem Client fehlt ein erforderliches Recht",
            "Le client ne dispose pas d'un privilège nécessaire",
            "客户端没有所需的特权。",
            "クライアントは要求された特権を保有していません。",
            "Клиент не обладает требуемыми правами",
        ),
    ),
    (
        "network_interrupted",
        10054,
        "ConnectionResetError: %s",
        (
            "Eine vorhandene Verbindung wurde vom Remotehost geschlossen",
            "Une connexion existante a dû être fermée par l'hôte distant",
            "远程主机强迫关闭了一个现有的连接。",
            "既存の接続はリモート ホストに強制的に切断されました。",
            "Удаленный хост принудительно разорвал существующее подключение",
        ),
    ),
    (
        "network_timeout",
        10060,
        "TimeoutError: %s",
        (
            "Ein Verbindungsversuch ist fehlgeschlagen, da die Gegenstelle nach einer bestimmten "
            "Zeitspanne nicht richtig reagiert hat",
            "Une tentative de connexion a échoué car le parti connecté n'a pas répondu "
            "convenablement au-delà d'une certaine durée",
            "由于连接方在一段时间后没有正确答复或连接的主机没有反应，连接尝试失败。",
            "接続済みの呼び出し先が一定の時間を過ぎても正しく応答しなかったため、接続できませんでした。",
            "Попытка установить соединение была безуспешной, т.к. от другого компьютера за "
            "требуемое время не получен нужный отклик",
        ),
    ),
    (
        "triton_dll_load_failed",
        0,
        "ImportError: DLL load failed while importing libtriton: %s",
        (
            "Eine DLL-Initialisierungsroutine ist fehlgeschlagen.",
            "Une routine d'initialisation d'une bibliothèque de liens dynamiques (DLL) a échoué.",
            "动态链接库(DLL)初始化例程失败。",
            "ダイナミック リンク ライブラリ (DLL) 初期化ルーチンの実行に失敗しました。",
            "Произошел сбой в программе инициализации библиотеки динамической компоновки (DLL).",
        ),
    ),
    (
        "windows_store_python",
        0,
        "%s",
        (
            "Python wurde nicht gefunden; ohne Argumente ausführen, um aus dem Microsoft Store zu "
            "installieren, oder deaktivieren "
            'Sie diese Verknüpfung unter "Einstellungen > App-Ausführungsaliase verwalten".',
            "Python est introuvable. Exécutez sans arguments pour procéder à l'installation à "
            "partir du Microsoft Store.",
            "未找到 Python; 不使用参数运行以从 Microsoft Store 安装。",
            "Python が見つかりませんでした。引数なしで実行して Microsoft Store からインストールしてください。",
            "Python не найден. Запустите без аргументов для установки из Microsoft Store.",
        ),
    ),
    (
        "git_missing",
        0,
        "%s",
        (
            'Der Befehl "git" ist entweder falsch geschrieben oder\nkonnte nicht gefunden werden.',
            "'git' n'est pas reconnu en tant que commande interne\nou externe, un programme "
            "exécutable ou un fichier de commandes.",
            "'git' 不是内部或外部命令，也不是可运行的程序\n或批处理文件。",
            "'git' は、内部コマンドまたは外部コマンド、\n操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
            '"git" не является внутренней или внешней\nкомандой, исполняемой программой или '
            "пакетным файлом.",
        ),
    ),
]
CASES = [
    pytest.param(label, number, around, said, language, id=f"{label}-{number or 'said'}-{language}")
    for label, number, around, messages in SAID
    for language, said in zip(PAGES, messages, strict=True)
]


@pytest.mark.parametrize(("label", "number", "around", "said", "language"), CASES)
def test_windows_messages(label: str, number: int, around: str, said: str, language: str) -> None:
    """With the number that Python puts before the message, and without it as other programs tell
    it.
    """
    for message in {f"[WinError {number}] {said}" if number else said, said}:
        log = f"(env) C:\\proj>run\n{around % message}\nC:\\proj>\n"
        for page in ("utf-8", "utf-16-le", "utf-16", *PAGES[language]):
            assert explain(log.encode(page), KNOWN_ISSUES).cause == label, (page, message)
