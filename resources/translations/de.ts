<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>BenchBars</name>
    <message>
        <source>Test</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>Vergleichswert</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>Anteil</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>as expected</source>
        <translation>wie erwartet</translation>
    </message>
    <message>
        <source>below</source>
        <translation>darunter</translation>
    </message>
    <message>
        <source>wrong result</source>
        <translation>falsches Ergebnis</translation>
    </message>
    <message>
        <source>not measured yet</source>
        <translation>noch nicht gemessen</translation>
    </message>
    <message>
        <source>not compared</source>
        <translation>nicht verglichen</translation>
    </message>
    <message>
        <source>{measured} of {all} measured, {below} below the reference</source>
        <translation>{measured} von {all} gemessen, {below} unter dem Vergleichswert</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>of {reference} {unit}</source>
        <translation>von {reference} {unit}</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Hinweis</translation>
    </message>
</context>
<context>
    <name>CleanUp</name>
    <message>
        <source>Clean-up</source>
        <translation>Aufräumen</translation>
    </message>
    <message>
        <source>Older attempts left this. Keeping it does no harm: the new setup does not use it.</source>
        <translation>Das haben frühere Versuche hinterlassen. Es zu behalten schadet nicht: Die neue Einrichtung benutzt es nicht.</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>Gefunden</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Next: the plan</source>
        <translation>&amp;Weiter: der Plan</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Open the folder {path}</source>
        <translation>Den Ordner {path} öffnen</translation>
    </message>
    <message>
        <source>{size} in all, nothing chosen</source>
        <translation>{size} insgesamt, nichts gewählt</translation>
    </message>
    <message>
        <source>{part} of {size} go to the quarantine</source>
        <translation>{part} von {size} kommen in die Quarantäne</translation>
    </message>
    <message>
        <source>Virtual environment</source>
        <translation>Virtuelle Umgebung</translation>
    </message>
    <message>
        <source>Conda environment</source>
        <translation>Conda-Umgebung</translation>
    </message>
    <message>
        <source>Packages in the user&apos;s own Python folder</source>
        <translation>Pakete im eigenen Python-Ordner</translation>
    </message>
    <message>
        <source>Package cache</source>
        <translation>Paketspeicher</translation>
    </message>
    <message>
        <source>Downloaded models</source>
        <translation>Heruntergeladene Modelle</translation>
    </message>
    <message>
        <source>Made by this program</source>
        <translation>Von diesem Programm angelegt</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>&amp;Put back what was moved away</source>
        <translation>We&amp;ggeräumtes zurücklegen</translation>
    </message>
    <message>
        <source>The guide&apos;s own clean-up</source>
        <translation>Das Aufräumen der Anleitung</translation>
    </message>
    <message>
        <source>&amp;Take the guide&apos;s five packages out of</source>
        <translation>Die &amp;fünf Pakete der Anleitung herausnehmen aus</translation>
    </message>
    <message>
        <source>no environment</source>
        <translation>keiner Umgebung</translation>
    </message>
    <message>
        <source>What you choose is moved into a quarantine folder on its own disk when the plan runs. It can be put back, here and on the last page.</source>
        <translation>Was Sie wählen, wird beim Ausführen des Plans in einen Quarantäneordner auf demselben Laufwerk verschoben. Hier und auf der letzten Seite lässt es sich zurücklegen.</translation>
    </message>
    <message>
        <source>Only what this program made itself is deleted for good.</source>
        <translation>Nur was dieses Programm selbst angelegt hat, wird endgültig gelöscht.</translation>
    </message>
    <message>
        <source>The guide takes {packages} out of an environment before it installs. Nothing here needs that: the new setup has an environment of its own. Choose one if you want it all the same; the list of everything in it is saved first, so that they can be put back here.</source>
        <translation>Die Anleitung nimmt vor dem Installieren {packages} aus einer Umgebung heraus. Hier ist das nicht nötig: Die neue Einrichtung hat ihre eigene Umgebung. Wählen Sie eine, wenn Sie es trotzdem wollen; die Liste von allem, was darin ist, wird vorher gespeichert, damit sich die Pakete hier zurücklegen lassen.</translation>
    </message>
    <message>
        <source>Take these packages out</source>
        <translation>Diese Pakete herausnehmen</translation>
    </message>
    <message>
        <source>Take them out of {environment}</source>
        <translation>Aus {environment} herausnehmen</translation>
    </message>
</context>
<context>
    <name>Compare</name>
    <message>
        <source>Compare a pasted output</source>
        <translation>Eingefügte Ausgabe vergleichen</translation>
    </message>
    <message>
        <source>Paste what the guide&apos;s verification script printed, here or on another day. Each line is set beside what is right here.</source>
        <translation>Fügen Sie ein, was das Prüfskript der Anleitung ausgegeben hat, hier oder an einem anderen Tag. Jede Zeile wird neben das gestellt, was für diesen PC richtig ist.</translation>
    </message>
    <message>
        <source>Paste here</source>
        <translation>Hier einfügen</translation>
    </message>
    <message>
        <source>Output of the script</source>
        <translation>Ausgabe des Skripts</translation>
    </message>
    <message>
        <source>The comparison appears here.</source>
        <translation>Der Vergleich erscheint hier.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Compared with</source>
        <translation>Verglichen mit</translation>
    </message>
    <message>
        <source>Compared with the setup</source>
        <translation>Verglichen mit der Einrichtung</translation>
    </message>
    <message>
        <source>The setup that this output fits best.</source>
        <translation>Die Einrichtung, zu der diese Ausgabe am besten passt.</translation>
    </message>
</context>
<context>
    <name>Data</name>
    <message>
        <source>* cannot be part of a path</source>
        <translation>* kann nicht Teil eines Pfads sein</translation>
    </message>
    <message>
        <source>, half the advertised rate since GeForce adds up in fp32 at half speed</source>
        <translation>, die Hälfte des beworbenen Werts, weil GeForce in fp32 mit halber Geschwindigkeit summiert</translation>
    </message>
    <message>
        <source>4-bit weights with bitsandbytes</source>
        <translation>4-Bit-Gewichte mit bitsandbytes</translation>
    </message>
    <message>
        <source>&lt; cannot be part of a path</source>
        <translation>&lt; kann nicht Teil eines Pfads sein</translation>
    </message>
    <message>
        <source>&gt; cannot be part of a path</source>
        <translation>&gt; kann nicht Teil eines Pfads sein</translation>
    </message>
    <message>
        <source>? cannot be part of a path</source>
        <translation>? kann nicht Teil eines Pfads sein</translation>
    </message>
    <message>
        <source>A CUDA build of PyTorch is installed where the processor build belongs.</source>
        <translation>Wo die Prozessorausgabe hingehört, ist ein PyTorch für CUDA installiert.</translation>
    </message>
    <message>
        <source>A card takes part although the profile is for the processor.</source>
        <translation>Eine Karte nimmt teil, obwohl das Profil für den Prozessor ist.</translation>
    </message>
    <message>
        <source>A few percent of its time go there. A second card, or the processor&apos;s graphics, can take that over.</source>
        <translation>Das kostet einige Prozent ihrer Zeit. Eine zweite Karte oder die Grafik des Prozessors kann das übernehmen.</translation>
    </message>
    <message>
        <source>A file could not be made in {home.path}.</source>
        <translation>In {home.path} konnte keine Datei angelegt werden.</translation>
    </message>
    <message>
        <source>A kernel compiled by Triton</source>
        <translation>Ein von Triton übersetzter Kernel</translation>
    </message>
    <message>
        <source>A laptop card whose power budget is not known; not compared.</source>
        <translation>Eine Laptop-Karte mit unbekanntem Leistungsrahmen; nicht verglichen.</translation>
    </message>
    <message>
        <source>A last resort for work that needs exactly this release</source>
        <translation>Ein letzter Ausweg für Arbeit, die genau diese Ausgabe braucht</translation>
    </message>
    <message>
        <source>A real matrix product</source>
        <translation>Ein echtes Matrixprodukt</translation>
    </message>
    <message>
        <source>Add memory (16 GB is a good size), or give a virtual machine more of it.</source>
        <translation>Bauen Sie Speicher ein (16 GB sind eine gute Größe), oder geben Sie einer virtuellen Maschine mehr davon.</translation>
    </message>
    <message>
        <source>All packages but one of PyTorch&apos;s are checked against hashes on record.</source>
        <translation>Alle Pakete außer einem von PyTorch werden gegen bekannte Prüfsummen geprüft.</translation>
    </message>
    <message>
        <source>An environment of its own</source>
        <translation>Eine eigene Umgebung</translation>
    </message>
    <message>
        <source>An older environment has the processor-only PyTorch</source>
        <translation>In einer älteren Umgebung steckt das PyTorch nur für den Prozessor</translation>
    </message>
    <message>
        <source>An older generation that fits {card.architecture} cards; for scripts written for PyTorch 2.4</source>
        <translation>Eine ältere Generation, die zu {card.architecture}-Karten passt; für Skripte, die für PyTorch 2.4 geschrieben sind</translation>
    </message>
    <message>
        <source>Another PyTorch is installed than the profile&apos;s {torch}: something has replaced it.</source>
        <translation>Es ist ein anderes PyTorch installiert als {torch} aus dem Profil: Etwas hat es ersetzt.</translation>
    </message>
    <message>
        <source>Another Unsloth is installed than the profile&apos;s {unsloth}.</source>
        <translation>Es ist ein anderes Unsloth installiert als {unsloth} aus dem Profil.</translation>
    </message>
    <message>
        <source>Another program uses the card</source>
        <translation>Ein anderes Programm benutzt die Karte</translation>
    </message>
    <message>
        <source>Another program was using the card</source>
        <translation>Ein anderes Programm benutzte die Karte</translation>
    </message>
    <message>
        <source>Any release of Python {python} is right. The guide&apos;s script prints all of sys.version, compiler included, so that a bare number cannot appear.</source>
        <translation>Jede Ausgabe von Python {python} ist richtig. Das Skript der Anleitung gibt sys.version ganz aus, mit Compiler, sodass keine bloße Zahl erscheinen kann.</translation>
    </message>
    <message>
        <source>Ask whoever manages the network for its root certificate and let it be installed in the system&apos;s store, or name its file in the settings.</source>
        <translation>Bitten Sie, wer das Netz verwaltet, um sein Stammzertifikat und lassen Sie es im Speicher des Systems installieren, oder nennen Sie seine Datei in den Einstellungen.</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>Attention</translation>
    </message>
    <message>
        <source>Attention, forward</source>
        <translation>Attention, vorwärts</translation>
    </message>
    <message>
        <source>Attention, forward and backward</source>
        <translation>Attention, vorwärts und rückwärts</translation>
    </message>
    <message>
        <source>Begin with a 0.5B model in 4-bit, batch 1, at most 512 tokens, and close what uses the card.</source>
        <translation>Beginnen Sie mit einem 0.5B-Modell in 4 Bit, Batch 1, höchstens 512 Token, und schließen Sie, was die Karte benutzt.</translation>
    </message>
    <message>
        <source>Begin with a 1B model in 4-bit, batch 1, at most 1024 tokens, and close what uses the card.</source>
        <translation>Beginnen Sie mit einem 1B-Modell in 4 Bit, Batch 1, höchstens 1024 Token, und schließen Sie, was die Karte benutzt.</translation>
    </message>
    <message>
        <source>Benchmark</source>
        <translation>Benchmark</translation>
    </message>
    <message>
        <source>Best for Turing cards: Triton dropped them officially after 3.2</source>
        <translation>Die beste für Turing-Karten: Triton hat sie nach 3.2 offiziell aufgegeben</translation>
    </message>
    <message>
        <source>Best for Volta cards: newer Triton and xformers have dropped them</source>
        <translation>Die beste für Volta-Karten: Neueres Triton und xformers haben sie aufgegeben</translation>
    </message>
    <message>
        <source>Better choose a folder whose path has letters, digits, spaces, - and _ only.</source>
        <translation>Besser ist ein Ordner, dessen Pfad nur Buchstaben, Ziffern, Leerzeichen, - und _ enthält.</translation>
    </message>
    <message>
        <source>CUDA available</source>
        <translation>CUDA verfügbar</translation>
    </message>
    <message>
        <source>CUDA does not run on a Mac, and no profile has been pinned for it.</source>
        <translation>CUDA läuft auf keinem Mac, und für ihn wurde kein Profil festgeschrieben.</translation>
    </message>
    <message>
        <source>CUDA itself and the desktop fill most of it; no useful model fits beside them.</source>
        <translation>CUDA selbst und der Desktop füllen das meiste; ein brauchbares Modell passt nicht daneben.</translation>
    </message>
    <message>
        <source>CUDA of PyTorch</source>
        <translation>CUDA von PyTorch</translation>
    </message>
    <message>
        <source>CUDA {profile.cuda} starts with driver {profile.driver_floor}, and {profile.driver} is the one it was made with. An installed CUDA toolkit does not change that.</source>
        <translation>CUDA {profile.cuda} beginnt bei Treiber {profile.driver_floor}; gemacht wurde es mit {profile.driver}. Ein installiertes CUDA-Toolkit ändert daran nichts.</translation>
    </message>
    <message>
        <source>CUDA {profile.cuda} was made with driver {profile.driver}. Any driver from {profile.driver_floor} on runs it by NVIDIA&apos;s compatibility promise, though code compiled at run time may fail.</source>
        <translation>CUDA {profile.cuda} wurde mit Treiber {profile.driver} gemacht. Jeder Treiber ab {profile.driver_floor} führt es nach NVIDIAs Kompatibilitätszusage aus, doch kann Code scheitern, der erst beim Lauf übersetzt wird.</translation>
    </message>
    <message>
        <source>Card</source>
        <translation>Karte</translation>
    </message>
    <message>
        <source>Card memory</source>
        <translation>Speicher der Karte</translation>
    </message>
    <message>
        <source>Check the mirror in your pip or uv settings, or name another.</source>
        <translation>Prüfen Sie den Spiegel in Ihren Einstellungen für pip oder uv, oder nennen Sie einen anderen.</translation>
    </message>
    <message>
        <source>Choose a certificate</source>
        <translation>Zertifikat wählen</translation>
    </message>
    <message>
        <source>Choose a folder of your own, or ask whoever manages the PC for the right to write there.</source>
        <translation>Wählen Sie einen eigenen Ordner, oder bitten Sie, wer den PC verwaltet, um das Recht, dort zu schreiben.</translation>
    </message>
    <message>
        <source>Choose a folder outside OneDrive, such as one in AppData\Local or on another drive.</source>
        <translation>Wählen Sie einen Ordner außerhalb von OneDrive, etwa in AppData\Local oder auf einem anderen Laufwerk.</translation>
    </message>
    <message>
        <source>Choose a folder whose path has letters, digits, spaces, - and _ only.</source>
        <translation>Wählen Sie einen Ordner, dessen Pfad nur Buchstaben, Ziffern, Leerzeichen, - und _ enthält.</translation>
    </message>
    <message>
        <source>Choose a folder with a short path, such as D:\Unsloth, or let an administrator switch on long paths.</source>
        <translation>Wählen Sie einen Ordner mit kurzem Pfad, etwa D:\Unsloth, oder lassen Sie einen Administrator lange Pfade einschalten.</translation>
    </message>
    <message>
        <source>Choose a folder with a short path, such as D:\Unsloth.</source>
        <translation>Wählen Sie einen Ordner mit kurzem Pfad, etwa D:\Unsloth.</translation>
    </message>
    <message>
        <source>Choose a mirror</source>
        <translation>Spiegel wählen</translation>
    </message>
    <message>
        <source>Choose another folder</source>
        <translation>Anderen Ordner wählen</translation>
    </message>
    <message>
        <source>Clean up</source>
        <translation>Aufräumen</translation>
    </message>
    <message>
        <source>Close games, browsers with video, and other training or chat programs before verifying and training.</source>
        <translation>Schließen Sie vor Prüfung und Training Spiele, Browser mit Video und andere Trainings- oder Chatprogramme.</translation>
    </message>
    <message>
        <source>Close other programs before training, keep the page file on automatic, and begin with models up to 3B. 16 GB are better.</source>
        <translation>Schließen Sie vor dem Training andere Programme, lassen Sie die Auslagerungsdatei auf automatisch, und beginnen Sie mit Modellen bis 3B. 16 GB sind besser.</translation>
    </message>
    <message>
        <source>Close other programs before training.</source>
        <translation>Schließen Sie vor dem Training andere Programme.</translation>
    </message>
    <message>
        <source>Close other programs, above all browsers, before installing and training.</source>
        <translation>Schließen Sie vor Installation und Training andere Programme, vor allem Browser.</translation>
    </message>
    <message>
        <source>Connect to the internet, set the proxy, or make an offline folder on another PC with `unsloth-setup bundle` and name it here.</source>
        <translation>Verbinden Sie den PC mit dem Internet, tragen Sie den Proxy ein, oder machen Sie auf einem anderen PC mit `unsloth-setup bundle` einen Offline-Ordner und nennen Sie ihn hier.</translation>
    </message>
    <message>
        <source>Copy in memory</source>
        <translation>Kopie im Speicher</translation>
    </message>
    <message>
        <source>Copy the command for Ubuntu</source>
        <translation>Befehl für Ubuntu kopieren</translation>
    </message>
    <message>
        <source>Copy the command for Ubuntu and Debian</source>
        <translation>Befehl für Ubuntu und Debian kopieren</translation>
    </message>
    <message>
        <source>Driver and driver library differ: a restart is due</source>
        <translation>Treiber und Treiberbibliothek passen nicht zusammen: Ein Neustart steht an</translation>
    </message>
    <message>
        <source>Environment variables would disturb Python or the card</source>
        <translation>Umgebungsvariablen würden Python oder die Karte stören</translation>
    </message>
    <message>
        <source>Every file is checked against a hash on record.</source>
        <translation>Jede Datei wird gegen eine bekannte Prüfsumme geprüft.</translation>
    </message>
    <message>
        <source>Every file is checked against a hash on record; the hash of PyTorch&apos;s wheel agrees in ten public records.</source>
        <translation>Jede Datei wird gegen eine bekannte Prüfsumme geprüft; die von PyTorch stimmt in zehn öffentlichen Quellen überein.</translation>
    </message>
    <message>
        <source>Everything comes from the offline folder.</source>
        <translation>Alles kommt aus dem Offline-Ordner.</translation>
    </message>
    <message>
        <source>Exactly the versions that the guide names, so that its scripts match.</source>
        <translation>Genau die Versionen, die die Anleitung nennt, sodass ihre Skripte passen.</translation>
    </message>
    <message>
        <source>Expect slow loading and tokenising. If a package stops with an illegal instruction, only another processor helps.</source>
        <translation>Laden und Zerlegen von Texten wird langsam sein. Hält ein Paket mit einem unbekannten Befehl (illegal instruction) an, hilft nur ein anderer Prozessor.</translation>
    </message>
    <message>
        <source>FastLanguageModel</source>
        <translation>FastLanguageModel</translation>
    </message>
    <message>
        <source>Fetched files thrown away</source>
        <translation>Geladene Dateien verworfen</translation>
    </message>
    <message>
        <source>First fine-tune</source>
        <translation>Erstes Feintuning</translation>
    </message>
    <message>
        <source>First import</source>
        <translation>Erster Import</translation>
    </message>
    <message>
        <source>For PCs without a usable NVIDIA card: small models, to learn and to test</source>
        <translation>Für PCs ohne brauchbare NVIDIA-Karte: kleine Modelle, zum Lernen und Ausprobieren</translation>
    </message>
    <message>
        <source>For PCs without a usable NVIDIA card: small models, to learn and to test.</source>
        <translation>Für PCs ohne brauchbare NVIDIA-Karte: kleine Modelle, zum Lernen und Ausprobieren.</translation>
    </message>
    <message>
        <source>Free some room, or choose a folder on another volume.</source>
        <translation>Schaffen Sie Platz, oder wählen Sie einen Ordner auf einem anderen Laufwerk.</translation>
    </message>
    <message>
        <source>Get the runtime from Microsoft</source>
        <translation>Laufzeit von Microsoft holen</translation>
    </message>
    <message>
        <source>Hardly any main memory is free</source>
        <translation>Kaum Arbeitsspeicher ist frei</translation>
    </message>
    <message>
        <source>Hardly any room on {disk.root}</source>
        <translation>Kaum Platz auf {disk.root}</translation>
    </message>
    <message>
        <source>Holds code for every card from RTX 20 to RTX 50.</source>
        <translation>Enthält Code für jede Karte von RTX 20 bis RTX 50.</translation>
    </message>
    <message>
        <source>How to update Windows</source>
        <translation>So wird Windows aktualisiert</translation>
    </message>
    <message>
        <source>If the PC has an NVIDIA card, check that it is seated, switched on in the firmware, or passed through to the virtual machine; then look again.</source>
        <translation>Hat der PC eine NVIDIA-Karte, prüfen Sie, ob sie richtig sitzt, in der Firmware eingeschaltet oder an die virtuelle Maschine durchgereicht ist; sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>If the PC has an NVIDIA card, install its driver in Windows, run `wsl --update` and `wsl --shutdown` there, then look again.</source>
        <translation>Hat der PC eine NVIDIA-Karte, installieren Sie ihren Treiber in Windows, führen Sie dort `wsl --update` und `wsl --shutdown` aus und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>If the PC has one, check that it is seated and switched on in the firmware. Without one, take the practice setup for the processor.</source>
        <translation>Hat der PC eine, prüfen Sie, ob sie richtig sitzt und in der Firmware eingeschaltet ist. Ohne Karte nehmen Sie die Übungseinrichtung für den Prozessor.</translation>
    </message>
    <message>
        <source>Importing PyTorch, Triton and Unsloth alone takes about {limit.memory_least}.</source>
        <translation>Allein der Import von PyTorch, Triton und Unsloth braucht etwa {limit.memory_least}.</translation>
    </message>
    <message>
        <source>Install Microsoft&apos;s Visual C++ runtime (25 MB, needs an administrator), then look again.</source>
        <translation>Installieren Sie Microsofts Visual-C++-Laufzeit (25 MB, braucht einen Administrator) und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>Install Microsoft&apos;s current Visual C++ runtime (25 MB, needs an administrator), then look again.</source>
        <translation>Installieren Sie Microsofts aktuelle Visual-C++-Laufzeit (25 MB, braucht einen Administrator) und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>Install Microsoft&apos;s current Visual C++ runtime (25 MB, needs an administrator).</source>
        <translation>Installieren Sie Microsofts aktuelle Visual-C++-Laufzeit (25 MB, braucht einen Administrator).</translation>
    </message>
    <message>
        <source>Install gcc with the system&apos;s package manager, then look again.</source>
        <translation>Installieren Sie gcc mit der Paketverwaltung des Systems und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>Install the current NVIDIA driver and look again.</source>
        <translation>Installieren Sie den aktuellen NVIDIA-Treiber und sehen Sie erneut nach.</translation>
    </message>
    <message>
        <source>Install the current NVIDIA driver in Windows (never one inside Linux), run `wsl --update` and `wsl --shutdown` in Windows, then look again.</source>
        <translation>Installieren Sie den aktuellen NVIDIA-Treiber in Windows (nie einen im Linux), führen Sie in Windows `wsl --update` und `wsl --shutdown` aus und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>Install the current driver for {card.name} from NVIDIA&apos;s page, restart Windows, then look again.</source>
        <translation>Installieren Sie den aktuellen Treiber für {card.name} von NVIDIAs Seite, starten Sie Windows neu und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>Install the current driver for {card.name} from NVIDIA&apos;s page, restart, then look again.</source>
        <translation>Installieren Sie den aktuellen Treiber für {card.name} von NVIDIAs Seite, starten Sie neu und sehen Sie dann erneut nach.</translation>
    </message>
    <message>
        <source>Installed versions</source>
        <translation>Installierte Versionen</translation>
    </message>
    <message>
        <source>It can be installed as it is. Updating the driver to {profile.driver} or newer takes the doubt away.</source>
        <translation>Die Installation geht auch so. Ein Treiber ab {profile.driver} räumt den Zweifel aus.</translation>
    </message>
    <message>
        <source>It is the default.</source>
        <translation>Es ist die Voreinstellung.</translation>
    </message>
    <message>
        <source>It lacks vcruntime140_1.dll, which PyTorch&apos;s libraries load: `import torch` ends with error 126.</source>
        <translation>Ihr fehlt vcruntime140_1.dll, die PyTorchs Bibliotheken laden: `import torch` endet mit Fehler 126.</translation>
    </message>
    <message>
        <source>It sits in a narrow slot, or shares its lanes with a drive. Training itself hardly suffers; loading models and offloading do.</source>
        <translation>Sie sitzt in einem schmalen Steckplatz oder teilt sich die Lanes mit einem Laufwerk. Das Training leidet kaum, das Laden von Modellen und das Auslagern schon.</translation>
    </message>
    <message>
        <source>Its PyTorch, Triton and xformers begin at compute capability {profile.compute_min}.</source>
        <translation>PyTorch, Triton und xformers darin beginnen bei Compute Capability {profile.compute_min}.</translation>
    </message>
    <message>
        <source>Its versions are kept; its commands are not: they stop on Windows at a package without a Windows build, and the release it names is no tag. It also asks for tools that are not needed and expects a cuDNN version that PyTorch 2.4.0 does not have.</source>
        <translation>Ihre Versionen bleiben, ihre Befehle nicht: Sie halten unter Windows bei einem Paket an, das es dafür nicht gibt, und die genannte Ausgabe ist kein Tag. Außerdem verlangt die Anleitung Werkzeuge, die nicht nötig sind, und erwartet eine cuDNN-Version, die PyTorch 2.4.0 nicht hat.</translation>
    </message>
    <message>
        <source>Let the network&apos;s keeper allow download.pytorch.org, name a mirror of it, or use an offline folder.</source>
        <translation>Lassen Sie download.pytorch.org im Netz freigeben, nennen Sie einen Spiegel davon, oder benutzen Sie einen Offline-Ordner.</translation>
    </message>
    <message>
        <source>Linux runs inside Windows (WSL)</source>
        <translation>Linux läuft innerhalb von Windows (WSL)</translation>
    </message>
    <message>
        <source>Little main memory</source>
        <translation>Wenig Arbeitsspeicher</translation>
    </message>
    <message>
        <source>Little memory was free on the card</source>
        <translation>Auf der Karte war wenig Speicher frei</translation>
    </message>
    <message>
        <source>Little room for models on {disk.root}</source>
        <translation>Wenig Platz für Modelle auf {disk.root}</translation>
    </message>
    <message>
        <source>Llama 3.2 has no text model of 7B, only 1B and 3B; and Meta&apos;s own copies ask for an account. Unsloth&apos;s 4-bit copies load directly.</source>
        <translation>Llama 3.2 hat kein Textmodell mit 7B, nur 1B und 3B; und Metas eigene Kopien verlangen ein Konto. Unsloths 4-Bit-Kopien laden direkt.</translation>
    </message>
    <message>
        <source>LoRA training</source>
        <translation>LoRA-Training</translation>
    </message>
    <message>
        <source>LoRA training, 4-bit weights</source>
        <translation>LoRA-Training, 4-Bit-Gewichte</translation>
    </message>
    <message>
        <source>Look at it</source>
        <translation>Ansehen</translation>
    </message>
    <message>
        <source>Look at them</source>
        <translation>Ansehen</translation>
    </message>
    <message>
        <source>Look for a newer version of this program.</source>
        <translation>Suchen Sie nach einer neueren Ausgabe dieses Programms.</translation>
    </message>
    <message>
        <source>Many times slower than a card: for learning and testing only.</source>
        <translation>Viele Male langsamer als eine Karte: nur zum Lernen und Ausprobieren.</translation>
    </message>
    <message>
        <source>Matrix product, 4-bit weights</source>
        <translation>Matrixprodukt, 4-Bit-Gewichte</translation>
    </message>
    <message>
        <source>Matrix product, bf16</source>
        <translation>Matrixprodukt, bf16</translation>
    </message>
    <message>
        <source>Matrix product, fp16</source>
        <translation>Matrixprodukt, fp16</translation>
    </message>
    <message>
        <source>Matrix product, fp32</source>
        <translation>Matrixprodukt, fp32</translation>
    </message>
    <message>
        <source>Matrix product, int8</source>
        <translation>Matrixprodukt, int8</translation>
    </message>
    <message>
        <source>Matrix product, tf32</source>
        <translation>Matrixprodukt, tf32</translation>
    </message>
    <message>
        <source>Models pass through main memory when they are loaded. With less than 12 GB larger ones push the PC into swapping, or Windows refuses.</source>
        <translation>Modelle gehen beim Laden durch den Arbeitsspeicher. Mit weniger als 12 GB drängen größere den PC zum Auslagern, oder Windows verweigert es.</translation>
    </message>
    <message>
        <source>Models up to about 0.5B in 4-bit fit, with short texts. Larger ones stop with &quot;out of memory&quot;.</source>
        <translation>Modelle bis etwa 0.5B in 4 Bit passen, mit kurzen Texten. Größere halten mit „out of memory“ an.</translation>
    </message>
    <message>
        <source>Models up to about 1B in 4-bit fit, with short texts. Larger ones stop with &quot;out of memory&quot;.</source>
        <translation>Modelle bis etwa 1B in 4 Bit passen, mit kurzen Texten. Größere halten mit „out of memory“ an.</translation>
    </message>
    <message>
        <source>Needs a driver of the 580 family or newer.</source>
        <translation>Braucht einen Treiber der Familie 580 oder neuer.</translation>
    </message>
    <message>
        <source>Needs a newer Windows</source>
        <translation>Braucht ein neueres Windows</translation>
    </message>
    <message>
        <source>Needs a newer driver</source>
        <translation>Braucht einen neueren Treiber</translation>
    </message>
    <message>
        <source>Needs a newer system</source>
        <translation>Braucht ein neueres System</translation>
    </message>
    <message>
        <source>Needs a restart</source>
        <translation>Braucht einen Neustart</translation>
    </message>
    <message>
        <source>Needs a shorter folder</source>
        <translation>Braucht einen kürzeren Pfad</translation>
    </message>
    <message>
        <source>Needs another folder</source>
        <translation>Braucht einen anderen Ordner</translation>
    </message>
    <message>
        <source>Needs more memory</source>
        <translation>Braucht mehr Speicher</translation>
    </message>
    <message>
        <source>Needs no card and no driver.</source>
        <translation>Braucht weder Karte noch Treiber.</translation>
    </message>
    <message>
        <source>Needs room on the disk</source>
        <translation>Braucht Platz auf der Platte</translation>
    </message>
    <message>
        <source>Needs the PyTorch index</source>
        <translation>Braucht den PyTorch-Index</translation>
    </message>
    <message>
        <source>Needs the driver</source>
        <translation>Braucht den Treiber</translation>
    </message>
    <message>
        <source>Needs the internet</source>
        <translation>Braucht das Internet</translation>
    </message>
    <message>
        <source>Needs the package index</source>
        <translation>Braucht den Paketindex</translation>
    </message>
    <message>
        <source>Needs {disk.needed}; {disk.free} are free on {disk.root}.</source>
        <translation>Braucht {disk.needed}; auf {disk.root} sind {disk.free} frei.</translation>
    </message>
    <message>
        <source>Neither the driver nor its name nor its PCI id says which compute capability it has. The setup is chosen for the common case; verification shows whether it fits.</source>
        <translation>Weder der Treiber noch ihr Name noch ihre PCI-Kennung nennt ihre Compute Capability. Die Einrichtung ist für den häufigsten Fall gewählt; die Prüfung zeigt, ob sie passt.</translation>
    </message>
    <message>
        <source>No C compiler was found</source>
        <translation>Kein C-Compiler gefunden</translation>
    </message>
    <message>
        <source>No NVIDIA card is visible in WSL</source>
        <translation>In WSL ist keine NVIDIA-Karte zu sehen</translation>
    </message>
    <message>
        <source>No Python environment works there: {home.broken}.</source>
        <translation>Keine Python-Umgebung läuft dort: {home.broken}.</translation>
    </message>
    <message>
        <source>No RTX 50: CUDA 12.4 wheels hold no code for it.</source>
        <translation>Keine RTX 50: Pakete für CUDA 12.4 enthalten keinen Code dafür.</translation>
    </message>
    <message>
        <source>No RTX 50: these wheels hold no code for it.</source>
        <translation>Keine RTX 50: Diese Pakete enthalten keinen Code dafür.</translation>
    </message>
    <message>
        <source>No card takes part here; the script leaves this line out.</source>
        <translation>Keine Karte nimmt hier teil; das Skript lässt diese Zeile weg.</translation>
    </message>
    <message>
        <source>No compiler and no CUDA toolkit are needed</source>
        <translation>Weder Compiler noch CUDA-Toolkit sind nötig</translation>
    </message>
    <message>
        <source>No figures of this card are on record.</source>
        <translation>Für diese Karte sind keine Werte bekannt.</translation>
    </message>
    <message>
        <source>No graphics card was found</source>
        <translation>Keine Grafikkarte gefunden</translation>
    </message>
    <message>
        <source>No pinned PyTorch holds code for compute capability {card.capability} yet. The practice setup works on the processor.</source>
        <translation>Noch enthält kein festgeschriebenes PyTorch Code für Compute Capability {card.capability}. Die Übungseinrichtung läuft auf dem Prozessor.</translation>
    </message>
    <message>
        <source>None of the installed Pythons fits</source>
        <translation>Keins der installierten Pythons passt</translation>
    </message>
    <message>
        <source>Not for this PC</source>
        <translation>Nicht für diesen PC</translation>
    </message>
    <message>
        <source>Not for this card</source>
        <translation>Nicht für diese Karte</translation>
    </message>
    <message>
        <source>Not measured.</source>
        <translation>Nicht gemessen.</translation>
    </message>
    <message>
        <source>Not needed here</source>
        <translation>Hier nicht nötig</translation>
    </message>
    <message>
        <source>Not possible now</source>
        <translation>Jetzt nicht möglich</translation>
    </message>
    <message>
        <source>Nothing on record to compare this with.</source>
        <translation>Dazu ist kein Vergleichswert bekannt.</translation>
    </message>
    <message>
        <source>Nothing to do for this setup. Do not train in the old environment.</source>
        <translation>Für diese Einrichtung ist nichts zu tun. Trainieren Sie nicht in der alten Umgebung.</translation>
    </message>
    <message>
        <source>Nothing to do here. An administrator can switch on long paths in the group policy &quot;Enable Win32 long paths&quot;.</source>
        <translation>Hier ist nichts zu tun. Ein Administrator kann lange Pfade in der Gruppenrichtlinie „Lange Win32-Pfade aktivieren“ einschalten.</translation>
    </message>
    <message>
        <source>Nothing to do.</source>
        <translation>Nichts zu tun.</translation>
    </message>
    <message>
        <source>Nothing to do. On a laptop, plug in the power supply and choose the performance mode before training.</source>
        <translation>Nichts zu tun. Stecken Sie beim Laptop vor dem Training das Netzteil ein und wählen Sie den Leistungsmodus.</translation>
    </message>
    <message>
        <source>Nothing to do. To mend or update the driver, do it in Windows.</source>
        <translation>Nichts zu tun. Wenn der Treiber zu reparieren oder zu aktualisieren ist, tun Sie es in Windows.</translation>
    </message>
    <message>
        <source>Nothing to do: the setup brings a Python of its own and leaves the others alone.</source>
        <translation>Nichts zu tun: Die Einrichtung bringt ein eigenes Python mit und lässt die anderen in Ruhe.</translation>
    </message>
    <message>
        <source>Nothing to do: the verify page shows each line of the guide beside what is right.</source>
        <translation>Nichts zu tun: Die Seite Prüfung zeigt jede Zeile der Anleitung neben dem, was richtig ist.</translation>
    </message>
    <message>
        <source>Old attempt removed</source>
        <translation>Alter Versuch entfernt</translation>
    </message>
    <message>
        <source>Older attempts left files behind</source>
        <translation>Frühere Versuche haben Dateien hinterlassen</translation>
    </message>
    <message>
        <source>On Linux, Triton compiles a small piece of C for each kernel and stops with &quot;Failed to find C compiler&quot; without one. No CUDA toolkit is needed.</source>
        <translation>Unter Linux übersetzt Triton für jeden Kernel ein Stück C und hält ohne Compiler mit „Failed to find C compiler“ an. Ein CUDA-Toolkit ist nicht nötig.</translation>
    </message>
    <message>
        <source>On Volta and Turing training runs in fp16: these cards have no bf16.</source>
        <translation>Auf Volta und Turing wird in fp16 trainiert: Diese Karten haben kein bf16.</translation>
    </message>
    <message>
        <source>On Windows the PyTorch 2.4.0 wheel lacks one file, libomp140.x86_64.dll; the plan puts a copy of the wheel&apos;s own OpenMP library in its place. Seen to work with the processor build under Wine, not yet on a real PC.</source>
        <translation>Unter Windows fehlt dem Paket von PyTorch 2.4.0 eine Datei, libomp140.x86_64.dll; der Plan setzt eine Kopie der OpenMP-Bibliothek aus dem Paket selbst an ihre Stelle. Mit der Prozessorausgabe unter Wine gesehen, noch nicht auf einem echten PC.</translation>
    </message>
    <message>
        <source>On a processor; there is no reference for it.</source>
        <translation>Auf dem Prozessor; dafür gibt es keinen Vergleichswert.</translation>
    </message>
    <message>
        <source>OneDrive would upload tens of thousands of files, lock some while they are written and replace others by placeholders.</source>
        <translation>OneDrive würde Zehntausende Dateien hochladen, manche beim Schreiben sperren und andere durch Platzhalter ersetzen.</translation>
    </message>
    <message>
        <source>Open NVIDIA&apos;s driver page</source>
        <translation>NVIDIAs Treiberseite öffnen</translation>
    </message>
    <message>
        <source>Other programs hold most of it; importing PyTorch would push the PC into swapping.</source>
        <translation>Andere Programme belegen das meiste; der Import von PyTorch würde den PC zum Auslagern drängen.</translation>
    </message>
    <message>
        <source>Package cache emptied</source>
        <translation>Paketcache geleert</translation>
    </message>
    <message>
        <source>Possible</source>
        <translation>Möglich</translation>
    </message>
    <message>
        <source>Possible on Turing cards, as best effort: its Triton no longer supports them officially</source>
        <translation>Auf Turing-Karten möglich, ohne Gewähr: Sein Triton unterstützt sie offiziell nicht mehr</translation>
    </message>
    <message>
        <source>Practice on the processor</source>
        <translation>Üben auf dem Prozessor</translation>
    </message>
    <message>
        <source>Practise on the processor here. For training, any card from the GTX 16 or RTX 20 series on will do; one from the RTX 30 series on is better.</source>
        <translation>Üben Sie hier auf dem Prozessor. Zum Trainieren genügt jede Karte ab GTX 16 oder RTX 20; ab RTX 30 ist es besser.</translation>
    </message>
    <message>
        <source>PyTorch</source>
        <translation>PyTorch</translation>
    </message>
    <message>
        <source>PyTorch 2.12 · CUDA 13.0 · Unsloth 2026.10</source>
        <translation>PyTorch 2.12 · CUDA 13.0 · Unsloth 2026.10</translation>
    </message>
    <message>
        <source>PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9</source>
        <translation>PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9</translation>
    </message>
    <message>
        <source>PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9.post4</source>
        <translation>PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9.post4</translation>
    </message>
    <message>
        <source>PyTorch 2.6 · CUDA 12.4 · Unsloth 2025.3</source>
        <translation>PyTorch 2.6 · CUDA 12.4 · Unsloth 2025.3</translation>
    </message>
    <message>
        <source>PyTorch 2.8 · CUDA 12.8 · Unsloth 2025.11</source>
        <translation>PyTorch 2.8 · CUDA 12.8 · Unsloth 2025.11</translation>
    </message>
    <message>
        <source>PyTorch brings its own CUDA {cuda}; an installed toolkit plays no part.</source>
        <translation>PyTorch bringt sein eigenes CUDA {cuda} mit; ein installiertes Toolkit spielt keine Rolle.</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 12.1</source>
        <translation>PyTorch für CUDA 12.1</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 12.1, Unsloth and {count} packages</source>
        <translation>PyTorch für CUDA 12.1, Unsloth und {count} Pakete</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 12.4</source>
        <translation>PyTorch für CUDA 12.4</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 12.4, Unsloth and {count} packages</source>
        <translation>PyTorch für CUDA 12.4, Unsloth und {count} Pakete</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 12.8</source>
        <translation>PyTorch für CUDA 12.8</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 12.8, Unsloth and {count} packages</source>
        <translation>PyTorch für CUDA 12.8, Unsloth und {count} Pakete</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 13.0</source>
        <translation>PyTorch für CUDA 13.0</translation>
    </message>
    <message>
        <source>PyTorch for CUDA 13.0, Unsloth and {count} packages</source>
        <translation>PyTorch für CUDA 13.0, Unsloth und {count} Pakete</translation>
    </message>
    <message>
        <source>PyTorch for the processor</source>
        <translation>PyTorch für den Prozessor</translation>
    </message>
    <message>
        <source>PyTorch index {network.pytorch}, proxy {network.proxy}</source>
        <translation>PyTorch-Index {network.pytorch}, Proxy {network.proxy}</translation>
    </message>
    <message>
        <source>PyTorch itself</source>
        <translation>PyTorch selbst</translation>
    </message>
    <message>
        <source>PyTorch reaches no card. The driver is missing or too old, or this is the processor build.</source>
        <translation>PyTorch erreicht keine Karte. Der Treiber fehlt oder ist zu alt, oder dies ist die Prozessorausgabe.</translation>
    </message>
    <message>
        <source>PyTorch sees another amount of memory than this card has: part of it may be given to a virtual machine or another card is used.</source>
        <translation>PyTorch sieht eine andere Speichermenge, als diese Karte hat: Ein Teil kann einer virtuellen Maschine gegeben sein, oder es wird eine andere Karte benutzt.</translation>
    </message>
    <message>
        <source>PyTorch uses another card than the first one that the survey found.</source>
        <translation>PyTorch benutzt eine andere Karte als die erste, die gefunden wurde.</translation>
    </message>
    <message>
        <source>PyTorch {profile.torch} with its Triton holds no code for compute capability {card.capability}; every call on the card would fail with &quot;no kernel image&quot;.</source>
        <translation>PyTorch {profile.torch} mit seinem Triton enthält keinen Code für Compute Capability {card.capability}; jeder Aufruf auf der Karte würde mit „no kernel image“ scheitern.</translation>
    </message>
    <message>
        <source>PyTorch&apos;s libraries need it: without it `import torch` ends with error 126.</source>
        <translation>Die Bibliotheken von PyTorch brauchen sie: Ohne sie endet `import torch` mit Fehler 126.</translation>
    </message>
    <message>
        <source>Python</source>
        <translation>Python</translation>
    </message>
    <message>
        <source>Python 3.11, Triton 3.1 (Windows) or 3.0 (Linux), xformers 0.0.27, bitsandbytes 0.43</source>
        <translation>Python 3.11, Triton 3.1 (Windows) oder 3.0 (Linux), xformers 0.0.27, bitsandbytes 0.43</translation>
    </message>
    <message>
        <source>Python 3.11, Triton 3.1 (Windows) or 3.0 (Linux), xformers 0.0.27, bitsandbytes 0.44</source>
        <translation>Python 3.11, Triton 3.1 (Windows) oder 3.0 (Linux), xformers 0.0.27, bitsandbytes 0.44</translation>
    </message>
    <message>
        <source>Python 3.11, Triton 3.2, xformers 0.0.29, bitsandbytes 0.45</source>
        <translation>Python 3.11, Triton 3.2, xformers 0.0.29, bitsandbytes 0.45</translation>
    </message>
    <message>
        <source>Python 3.12, Triton 3.4, xformers 0.0.32, bitsandbytes 0.48</source>
        <translation>Python 3.12, Triton 3.4, xformers 0.0.32, bitsandbytes 0.48</translation>
    </message>
    <message>
        <source>Python 3.12, Triton 3.7, xformers 0.0.35, bitsandbytes 0.50</source>
        <translation>Python 3.12, Triton 3.7, xformers 0.0.35, bitsandbytes 0.50</translation>
    </message>
    <message>
        <source>Python would load packages from there first</source>
        <translation>Python würde zuerst von dort Pakete laden</translation>
    </message>
    <message>
        <source>Python would look for its own library there</source>
        <translation>Python würde dort seine eigene Bibliothek suchen</translation>
    </message>
    <message>
        <source>Python&apos;s connections fail where that file cannot be written</source>
        <translation>Pythons Verbindungen scheitern, wo diese Datei nicht geschrieben werden kann</translation>
    </message>
    <message>
        <source>RTX 20 to RTX 40, T4, V100, A100, H100; Llama 3.1 and 3.2, Qwen 2.5, Gemma 2, Phi 3.5, Mistral. No RTX 50.</source>
        <translation>RTX 20 bis RTX 40, T4, V100, A100, H100; Llama 3.1 und 3.2, Qwen 2.5, Gemma 2, Phi 3.5, Mistral. Keine RTX 50.</translation>
    </message>
    <message>
        <source>RTX 20 to RTX 40, T4, V100, A100, H100; Llama 3.1, Gemma 2, Phi 3.5, Mistral. No RTX 50.</source>
        <translation>RTX 20 bis RTX 40, T4, V100, A100, H100; Llama 3.1, Gemma 2, Phi 3.5, Mistral. Keine RTX 50.</translation>
    </message>
    <message>
        <source>RTX 30, 40 and 50, A100, L4, H100, B200; Llama 3, Qwen 3, Gemma 3 and 3n, gpt-oss, Phi 4, vision models such as Qwen 3 VL. Turing as best effort.</source>
        <translation>RTX 30, 40 und 50, A100, L4, H100, B200; Llama 3, Qwen 3, Gemma 3 und 3n, gpt-oss, Phi 4, Bildmodelle wie Qwen 3 VL. Turing nach Möglichkeit.</translation>
    </message>
    <message>
        <source>Recommended</source>
        <translation>Empfohlen</translation>
    </message>
    <message>
        <source>Reproduces work done with exactly this release.</source>
        <translation>Wiederholt Arbeit, die mit genau dieser Ausgabe getan wurde.</translation>
    </message>
    <message>
        <source>Restart the PC and look again. If it stays, install the driver again.</source>
        <translation>Starten Sie den PC neu und sehen Sie erneut nach. Bleibt es so, installieren Sie den Treiber neu.</translation>
    </message>
    <message>
        <source>Restart the PC to use the card.</source>
        <translation>Starten Sie den PC neu, um die Karte zu benutzen.</translation>
    </message>
    <message>
        <source>Restart the PC, then look again. If it stays, remove the NVIDIA packages and install one version of them.</source>
        <translation>Starten Sie den PC neu und sehen Sie dann erneut nach. Bleibt es so, entfernen Sie die NVIDIA-Pakete und installieren Sie eine einzige Version.</translation>
    </message>
    <message>
        <source>Set proxy or mirror</source>
        <translation>Proxy oder Spiegel eintragen</translation>
    </message>
    <message>
        <source>Set proxy or offline folder</source>
        <translation>Proxy oder Offline-Ordner eintragen</translation>
    </message>
    <message>
        <source>Sign in to the network, set the proxy, or name the mirror that your network provides.</source>
        <translation>Melden Sie sich im Netz an, tragen Sie den Proxy ein, oder nennen Sie den Spiegel, den Ihr Netz anbietet.</translation>
    </message>
    <message>
        <source>Switch to the new setup</source>
        <translation>Umschalten auf die neue Einrichtung</translation>
    </message>
    <message>
        <source>Take a newer setup: RTX 50 cards need PyTorch built for CUDA 12.8 or newer.</source>
        <translation>Nehmen Sie eine neuere Einrichtung: RTX-50-Karten brauchen PyTorch für CUDA 12.8 oder neuer.</translation>
    </message>
    <message>
        <source>Take the older setup that is proposed for this card.</source>
        <translation>Nehmen Sie die ältere Einrichtung, die für diese Karte vorgeschlagen wird.</translation>
    </message>
    <message>
        <source>Take the practice setup for the processor, or use a PC with an NVIDIA card.</source>
        <translation>Nehmen Sie die Übungseinrichtung für den Prozessor, oder einen PC mit NVIDIA-Karte.</translation>
    </message>
    <message>
        <source>Take the practice setup for the processor. For training, 8 GB are a good start.</source>
        <translation>Nehmen Sie die Übungseinrichtung für den Prozessor. Zum Trainieren sind 8 GB ein guter Anfang.</translation>
    </message>
    <message>
        <source>Take the practice setup for the processor. For training, any card from the GTX 16 or RTX 20 series on will do; one from the RTX 30 series on is better.</source>
        <translation>Nehmen Sie die Übungseinrichtung für den Prozessor. Zum Trainieren genügt jede Karte ab GTX 16 oder RTX 20; ab RTX 30 ist es besser.</translation>
    </message>
    <message>
        <source>The Linux system&apos;s C library does not fit</source>
        <translation>Die C-Bibliothek dieses Linux passt nicht</translation>
    </message>
    <message>
        <source>The NVIDIA driver does not answer</source>
        <translation>Der NVIDIA-Treiber antwortet nicht</translation>
    </message>
    <message>
        <source>The NVIDIA driver is missing</source>
        <translation>Der NVIDIA-Treiber fehlt</translation>
    </message>
    <message>
        <source>The NVIDIA driver is missing, so the card stays unused</source>
        <translation>Der NVIDIA-Treiber fehlt, darum bleibt die Karte ungenutzt</translation>
    </message>
    <message>
        <source>The NVIDIA driver is older than this setup&apos;s CUDA</source>
        <translation>Der NVIDIA-Treiber ist älter als das CUDA dieser Einrichtung</translation>
    </message>
    <message>
        <source>The NVIDIA driver is too old</source>
        <translation>Der NVIDIA-Treiber ist zu alt</translation>
    </message>
    <message>
        <source>The NVIDIA driver of Windows does not reach into WSL</source>
        <translation>Der NVIDIA-Treiber von Windows reicht nicht bis in WSL</translation>
    </message>
    <message>
        <source>The NVIDIA driver waits for a restart</source>
        <translation>Der NVIDIA-Treiber wartet auf einen Neustart</translation>
    </message>
    <message>
        <source>The OpenMP file that PyTorch 2.4.0 lacks</source>
        <translation>Die OpenMP-Datei, die PyTorch 2.4.0 fehlt</translation>
    </message>
    <message>
        <source>The PyTorch index cannot be used</source>
        <translation>Der PyTorch-Index ist nicht zu gebrauchen</translation>
    </message>
    <message>
        <source>The Visual C++ runtime is older than the packages</source>
        <translation>Die Visual-C++-Laufzeit ist älter als die Pakete</translation>
    </message>
    <message>
        <source>The Visual C++ runtime is too old</source>
        <translation>Die Visual-C++-Laufzeit ist zu alt</translation>
    </message>
    <message>
        <source>The Visual C++ runtime was not found</source>
        <translation>Die Visual-C++-Laufzeit wurde nicht gefunden</translation>
    </message>
    <message>
        <source>The card also draws the screen</source>
        <translation>Die Karte zeichnet auch den Bildschirm</translation>
    </message>
    <message>
        <source>The card became slower while it worked</source>
        <translation>Die Karte wurde beim Arbeiten langsamer</translation>
    </message>
    <message>
        <source>The card has little memory</source>
        <translation>Die Karte hat wenig Speicher</translation>
    </message>
    <message>
        <source>The card has too little memory</source>
        <translation>Die Karte hat zu wenig Speicher</translation>
    </message>
    <message>
        <source>The card has very little memory</source>
        <translation>Die Karte hat sehr wenig Speicher</translation>
    </message>
    <message>
        <source>The card is newer than every setup offered here</source>
        <translation>Die Karte ist neuer als jede hier angebotene Einrichtung</translation>
    </message>
    <message>
        <source>The card is newer than this setup&apos;s packages</source>
        <translation>Die Karte ist neuer als die Pakete dieser Einrichtung</translation>
    </message>
    <message>
        <source>The card ran at its power limit</source>
        <translation>Die Karte lief an ihrer Leistungsgrenze</translation>
    </message>
    <message>
        <source>The card slowed itself down</source>
        <translation>Die Karte hat sich selbst gebremst</translation>
    </message>
    <message>
        <source>The card was not idle</source>
        <translation>Die Karte war nicht frei</translation>
    </message>
    <message>
        <source>The card was too hot</source>
        <translation>Die Karte war zu heiß</translation>
    </message>
    <message>
        <source>The card&apos;s generation could not be told</source>
        <translation>Die Generation der Karte ließ sich nicht feststellen</translation>
    </message>
    <message>
        <source>The clean-up page moves what you choose into a quarantine, from which it can be put back.</source>
        <translation>Die Seite Aufräumen verschiebt, was Sie wählen, in eine Quarantäne, aus der es sich zurücklegen lässt.</translation>
    </message>
    <message>
        <source>The driver is installed, but its management library says nothing about the card. The library may be missing, or the card lost since the last start.</source>
        <translation>Der Treiber ist installiert, aber seine Verwaltungsbibliothek sagt nichts über die Karte. Die Bibliothek kann fehlen, oder die Karte ist seit dem letzten Start verloren gegangen.</translation>
    </message>
    <message>
        <source>The driver was updated while the old one is still loaded. Until the PC restarts, every call to the card fails.</source>
        <translation>Der Treiber wurde aktualisiert, während der alte noch geladen ist. Bis zum Neustart scheitert jeder Aufruf auf der Karte.</translation>
    </message>
    <message>
        <source>The environment runs another Python than the profile was locked for.</source>
        <translation>In der Umgebung läuft ein anderes Python als das, wofür das Profil festgeschrieben wurde.</translation>
    </message>
    <message>
        <source>The files to fetch and the environment that is made of them need {disk.needed} on the volume of {home.path}.</source>
        <translation>Die zu ladenden Dateien und die Umgebung daraus brauchen {disk.needed} auf dem Laufwerk von {home.path}.</translation>
    </message>
    <message>
        <source>The folder cannot be written to</source>
        <translation>In den Ordner lässt sich nicht schreiben</translation>
    </message>
    <message>
        <source>The folder lies in OneDrive</source>
        <translation>Der Ordner liegt in OneDrive</translation>
    </message>
    <message>
        <source>The folder&apos;s path cannot be used</source>
        <translation>Der Pfad des Ordners ist nicht zu gebrauchen</translation>
    </message>
    <message>
        <source>The folder&apos;s path holds characters that break some tools</source>
        <translation>Der Pfad des Ordners enthält Zeichen, an denen manche Werkzeuge scheitern</translation>
    </message>
    <message>
        <source>The folder&apos;s path is long</source>
        <translation>Der Pfad des Ordners ist lang</translation>
    </message>
    <message>
        <source>The folder&apos;s path is too long</source>
        <translation>Der Pfad des Ordners ist zu lang</translation>
    </message>
    <message>
        <source>The graphics card is not from NVIDIA</source>
        <translation>Die Grafikkarte ist nicht von NVIDIA</translation>
    </message>
    <message>
        <source>The graphics card is too old</source>
        <translation>Die Grafikkarte ist zu alt</translation>
    </message>
    <message>
        <source>The graphics card is too old for training</source>
        <translation>Die Grafikkarte ist zum Trainieren zu alt</translation>
    </message>
    <message>
        <source>The guide asks for both. The packages bring what they use: PyTorch its CUDA libraries, Triton a small compiler and NVIDIA&apos;s assembler.</source>
        <translation>Die Anleitung verlangt beides. Die Pakete bringen mit, was sie benutzen: PyTorch seine CUDA-Bibliotheken, Triton einen kleinen Compiler und NVIDIAs Assembler.</translation>
    </message>
    <message>
        <source>The guide was written for one card; this is yours.</source>
        <translation>Die Anleitung wurde für eine bestimmte Karte geschrieben; dies ist Ihre.</translation>
    </message>
    <message>
        <source>The guide&apos;s reason is wrong: torch._inductor.config is part of PyTorch 2.4.0, and this release imports it.</source>
        <translation>Der Grund der Anleitung ist falsch: torch._inductor.config ist Teil von PyTorch 2.4.0, und diese Ausgabe importiert es.</translation>
    </message>
    <message>
        <source>The guide&apos;s setup, with corrections</source>
        <translation>Die Einrichtung der Anleitung, mit Berichtigungen</translation>
    </message>
    <message>
        <source>The guide: PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9.post3</source>
        <translation>Die Anleitung: PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9.post3</translation>
    </message>
    <message>
        <source>The package index cannot be reached</source>
        <translation>Der Paketindex ist nicht erreichbar</translation>
    </message>
    <message>
        <source>The package index is blocked</source>
        <translation>Der Paketindex ist gesperrt</translation>
    </message>
    <message>
        <source>The package index shows a certificate that this PC does not trust</source>
        <translation>Der Paketindex zeigt ein Zertifikat, dem dieser PC nicht vertraut</translation>
    </message>
    <message>
        <source>The pinned packages are made for 64-bit Python 3.11 or 3.12; the Microsoft Store&apos;s Python redirects its folders.</source>
        <translation>Die festgeschriebenen Pakete sind für 64-Bit-Python 3.11 oder 3.12 gemacht; das Python aus dem Microsoft Store leitet seine Ordner um.</translation>
    </message>
    <message>
        <source>The pinned packages need the GNU C library 2.28 or newer (manylinux_2_28).</source>
        <translation>Die festgeschriebenen Pakete brauchen die GNU-C-Bibliothek 2.28 oder neuer (manylinux_2_28).</translation>
    </message>
    <message>
        <source>The power limit is lowered</source>
        <translation>Die Leistungsgrenze ist herabgesetzt</translation>
    </message>
    <message>
        <source>The power supply called a brake</source>
        <translation>Das Netzteil hat gebremst</translation>
    </message>
    <message>
        <source>The practice run needs about 2 GB beside what the system holds.</source>
        <translation>Der Übungslauf braucht etwa 2 GB neben dem, was das System belegt.</translation>
    </message>
    <message>
        <source>The practice setup works on the processor and needs no driver.</source>
        <translation>Die Übungseinrichtung läuft auf dem Prozessor und braucht keinen Treiber.</translation>
    </message>
    <message>
        <source>The processor build of PyTorch has no CUDA.</source>
        <translation>Die Prozessorausgabe von PyTorch hat kein CUDA.</translation>
    </message>
    <message>
        <source>The processor build of PyTorch has no cuDNN.</source>
        <translation>Die Prozessorausgabe von PyTorch hat kein cuDNN.</translation>
    </message>
    <message>
        <source>The processor has no AVX2</source>
        <translation>Der Prozessor hat kein AVX2</translation>
    </message>
    <message>
        <source>The processor&apos;s architecture is not served</source>
        <translation>Die Bauart des Prozessors wird nicht unterstützt</translation>
    </message>
    <message>
        <source>The script divides bytes by 1e9, so that a card of 24 GiB shows 25.8 GB less what the driver keeps; 24.00 cannot come out of it.</source>
        <translation>Das Skript teilt Bytes durch 1e9, sodass eine Karte mit 24 GiB 25,8 GB zeigt, weniger dem, was der Treiber behält; 24.00 kann dabei nicht herauskommen.</translation>
    </message>
    <message>
        <source>The setup fits ({disk.needed}), but a model of 8B and its results take about {limit.disk_models} more.</source>
        <translation>Die Einrichtung passt ({disk.needed}), aber ein Modell mit 8B und seine Ergebnisse brauchen etwa {limit.disk_models} mehr.</translation>
    </message>
    <message>
        <source>The setup guide&apos;s own versions, installed from pinned files instead of the guide&apos;s commands, which cannot work on Windows as written.</source>
        <translation>Die Versionen der Anleitung, aus festgeschriebenen Dateien installiert statt mit ihren Befehlen, die unter Windows so nicht laufen können.</translation>
    </message>
    <message>
        <source>The setups for training are made for NVIDIA cards. The practice setup works on the processor, with small models.</source>
        <translation>Die Einrichtungen zum Trainieren sind für NVIDIA-Karten gemacht. Die Übungseinrichtung läuft auf dem Prozessor, mit kleinen Modellen.</translation>
    </message>
    <message>
        <source>The system lists the card, but NVIDIA&apos;s driver is not loaded (the free driver nouveau cannot train). With secure boot an unsigned driver module stays out as well.</source>
        <translation>Das System nennt die Karte, aber NVIDIAs Treiber ist nicht geladen (mit dem freien Treiber nouveau lässt sich nicht trainieren). Bei Secure Boot bleibt auch ein nicht signiertes Treibermodul draußen.</translation>
    </message>
    <message>
        <source>The version is read from the package&apos;s metadata. In these releases unsloth has no __version__, so that the guide&apos;s script ends in an AttributeError on a good installation.</source>
        <translation>Die Version wird aus den Angaben des Pakets gelesen. In diesen Ausgaben hat unsloth kein __version__, sodass das Skript der Anleitung bei einer guten Installation mit einem AttributeError endet.</translation>
    </message>
    <message>
        <source>There are {gpus.nvidia} NVIDIA cards</source>
        <translation>Es gibt {gpus.nvidia} NVIDIA-Karten</translation>
    </message>
    <message>
        <source>There are {gpus.nvidia} NVIDIA cards of different kinds</source>
        <translation>Es gibt {gpus.nvidia} verschiedene NVIDIA-Karten</translation>
    </message>
    <message>
        <source>There is a second graphics chip beside the NVIDIA card</source>
        <translation>Neben der NVIDIA-Karte gibt es einen zweiten Grafikchip</translation>
    </message>
    <message>
        <source>They do not disturb the new setup, but take room: {leftovers.where}.</source>
        <translation>Sie stören die neue Einrichtung nicht, brauchen aber Platz: {leftovers.where}.</translation>
    </message>
    <message>
        <source>This PyTorch was built for another CUDA than the profile&apos;s.</source>
        <translation>Dieses PyTorch wurde für ein anderes CUDA gebaut als das des Profils.</translation>
    </message>
    <message>
        <source>This card computes in bf16, but PyTorch says that it does not.</source>
        <translation>Diese Karte rechnet in bf16, aber PyTorch sagt, dass sie es nicht tut.</translation>
    </message>
    <message>
        <source>This card has no bf16 units. Some versions of PyTorch say True all the same, because they imitate it slowly; train in fp16.</source>
        <translation>Diese Karte hat keine bf16-Einheiten. Manche Versionen von PyTorch sagen trotzdem True, weil sie es langsam nachahmen; trainieren Sie in fp16.</translation>
    </message>
    <message>
        <source>This cuDNN is older than the one that belongs to PyTorch {torch}: another copy of the library may stand before it.</source>
        <translation>Dieses cuDNN ist älter als das, das zu PyTorch {torch} gehört: Eine andere Kopie der Bibliothek steht womöglich davor.</translation>
    </message>
    <message>
        <source>This profile holds PyTorch {torch}.</source>
        <translation>Dieses Profil enthält PyTorch {torch}.</translation>
    </message>
    <message>
        <source>This profile holds Unsloth {unsloth}.</source>
        <translation>Dieses Profil enthält Unsloth {unsloth}.</translation>
    </message>
    <message>
        <source>This profile trains on the processor; its PyTorch has no CUDA.</source>
        <translation>Dieses Profil trainiert auf dem Prozessor; sein PyTorch hat kein CUDA.</translation>
    </message>
    <message>
        <source>This program copes with them, but others may not: {home.unsafe}.</source>
        <translation>Dieses Programm kommt damit zurecht, andere womöglich nicht: {home.unsafe}.</translation>
    </message>
    <message>
        <source>This setup is built for CUDA {profile.cuda}; the driver runs CUDA {driver.cuda} at most.</source>
        <translation>Diese Einrichtung ist für CUDA {profile.cuda} gebaut; der Treiber kann höchstens CUDA {driver.cuda}.</translation>
    </message>
    <message>
        <source>This setup is made for CUDA, which runs on NVIDIA cards only.</source>
        <translation>Diese Einrichtung ist für CUDA gemacht, das nur auf NVIDIA-Karten läuft.</translation>
    </message>
    <message>
        <source>This setup trains on an NVIDIA card, and the system lists none.</source>
        <translation>Diese Einrichtung trainiert auf einer NVIDIA-Karte, und das System nennt keine.</translation>
    </message>
    <message>
        <source>This setup&apos;s packages no longer hold code for the card</source>
        <translation>Die Pakete dieser Einrichtung enthalten keinen Code mehr für die Karte</translation>
    </message>
    <message>
        <source>To train on the card, install the driver and choose another setup.</source>
        <translation>Um auf der Karte zu trainieren, installieren Sie den Treiber und wählen Sie eine andere Einrichtung.</translation>
    </message>
    <message>
        <source>Too little main memory</source>
        <translation>Zu wenig Arbeitsspeicher</translation>
    </message>
    <message>
        <source>Too little room on {disk.root}</source>
        <translation>Zu wenig Platz auf {disk.root}</translation>
    </message>
    <message>
        <source>Transfer from the card</source>
        <translation>Übertragung von der Karte</translation>
    </message>
    <message>
        <source>Transfer to the card</source>
        <translation>Übertragung zur Karte</translation>
    </message>
    <message>
        <source>Triton would compile with it instead of the compiler that it brings</source>
        <translation>Triton würde damit übersetzen statt mit dem Compiler, den es mitbringt</translation>
    </message>
    <message>
        <source>Triton would use another assembler than its own</source>
        <translation>Triton würde einen anderen Assembler als seinen eigenen benutzen</translation>
    </message>
    <message>
        <source>Under WSL a card appears only when its driver is installed in Windows and WSL is version 2. The practice setup works on the processor, with small models.</source>
        <translation>Unter WSL erscheint eine Karte nur, wenn ihr Treiber in Windows installiert ist und WSL in Version 2 läuft. Die Übungseinrichtung läuft auf dem Prozessor, mit kleinen Modellen.</translation>
    </message>
    <message>
        <source>Under WSL the card is served by the driver of Windows; its library was not found here.</source>
        <translation>Unter WSL bedient der Treiber von Windows die Karte; seine Bibliothek wurde hier nicht gefunden.</translation>
    </message>
    <message>
        <source>Unsloth</source>
        <translation>Unsloth</translation>
    </message>
    <message>
        <source>Unsloth and {count} packages</source>
        <translation>Unsloth und {count} Pakete</translation>
    </message>
    <message>
        <source>Unsloth came in, but FastLanguageModel did not.</source>
        <translation>Unsloth wurde geladen, FastLanguageModel nicht.</translation>
    </message>
    <message>
        <source>Unsloth cannot be imported.</source>
        <translation>Unsloth lässt sich nicht importieren.</translation>
    </message>
    <message>
        <source>Unsloth&apos;s import</source>
        <translation>Import von Unsloth</translation>
    </message>
    <message>
        <source>Update to a release from 2019 or later, such as Ubuntu 20.04, Debian 10 or Rocky Linux 8; 22.04 or newer is better.</source>
        <translation>Aktualisieren Sie auf eine Ausgabe ab 2019, etwa Ubuntu 20.04, Debian 10 oder Rocky Linux 8; 22.04 oder neuer ist besser.</translation>
    </message>
    <message>
        <source>Use a PC with Windows 10 or 11 or Linux on an x86-64 processor, best with an NVIDIA card.</source>
        <translation>Nehmen Sie einen PC mit Windows 10, 11 oder Linux auf einem x86-64-Prozessor, am besten mit einer NVIDIA-Karte.</translation>
    </message>
    <message>
        <source>Use a PC with a 64-bit Intel or AMD processor. On a 32-bit system of such a PC, install the 64-bit edition.</source>
        <translation>Nehmen Sie einen PC mit 64-Bit-Prozessor von Intel oder AMD. Läuft darauf ein 32-Bit-System, installieren Sie die 64-Bit-Ausgabe.</translation>
    </message>
    <message>
        <source>V100, GTX 16, RTX 20 to RTX 40, T4, A100, H100; Llama 3.1 to 3.3, Qwen 2.5, Gemma 3, Phi 4, Mistral. No RTX 50.</source>
        <translation>V100, GTX 16, RTX 20 bis RTX 40, T4, A100, H100; Llama 3.1 bis 3.3, Qwen 2.5, Gemma 3, Phi 4, Mistral. Keine RTX 50.</translation>
    </message>
    <message>
        <source>Visual C++ runtime {tools.vc_runtime}</source>
        <translation>Visual-C++-Laufzeit {tools.vc_runtime}</translation>
    </message>
    <message>
        <source>What it holds is missing for training, and a benchmark beside it says nothing.</source>
        <translation>Was es belegt, fehlt beim Training, und ein Benchmark daneben sagt nichts aus.</translation>
    </message>
    <message>
        <source>Windows is too old</source>
        <translation>Windows ist zu alt</translation>
    </message>
    <message>
        <source>Windows limits paths to 259 characters</source>
        <translation>Windows begrenzt Pfade auf 259 Zeichen</translation>
    </message>
    <message>
        <source>Windows lists the card, but NVIDIA&apos;s driver does not answer. Without it no program can use the card for training. No CUDA toolkit is needed.</source>
        <translation>Windows nennt die Karte, aber NVIDIAs Treiber antwortet nicht. Ohne ihn kann kein Programm auf der Karte trainieren. Ein CUDA-Toolkit ist nicht nötig.</translation>
    </message>
    <message>
        <source>a folder&apos;s name ends in a dot or a space, which Windows drops</source>
        <translation>der Name eines Ordners endet mit Punkt oder Leerzeichen, was Windows weglässt</translation>
    </message>
    <message>
        <source>a quotation mark cannot be part of a path</source>
        <translation>ein Anführungszeichen kann nicht Teil eines Pfads sein</translation>
    </message>
    <message>
        <source>activation scripts end a text at &apos;</source>
        <translation>Aktivierungsskripte beenden einen Text bei &apos;</translation>
    </message>
    <message>
        <source>activation scripts take $ for a variable</source>
        <translation>Aktivierungsskripte halten $ für eine Variable</translation>
    </message>
    <message>
        <source>addresses of local folders end at #</source>
        <translation>Adressen lokaler Ordner enden bei #</translation>
    </message>
    <message>
        <source>an NVIDIA card</source>
        <translation>eine NVIDIA-Karte</translation>
    </message>
    <message>
        <source>another CUDA or cuDNN would be loaded in place of PyTorch&apos;s own</source>
        <translation>statt PyTorchs eigenem würde ein anderes CUDA oder cuDNN geladen</translation>
    </message>
    <message>
        <source>bf16 from compute capability 8.0 on, fp16 on older cards. A fixed bf16 fails or crawls on RTX 20 and GTX.</source>
        <translation>bf16 ab Compute Capability 8.0, fp16 auf älteren Karten. Ein festes bf16 scheitert oder kriecht auf RTX 20 und GTX.</translation>
    </message>
    <message>
        <source>bitsandbytes would look for another CUDA than PyTorch&apos;s</source>
        <translation>bitsandbytes würde ein anderes CUDA als das von PyTorch suchen</translation>
    </message>
    <message>
        <source>cmd drops ^</source>
        <translation>cmd verliert ^</translation>
    </message>
    <message>
        <source>cmd ends a command at &amp;</source>
        <translation>cmd beendet einen Befehl bei &amp;</translation>
    </message>
    <message>
        <source>cmd takes ! for a variable</source>
        <translation>cmd hält ! für eine Variable</translation>
    </message>
    <message>
        <source>cmd takes % for a variable</source>
        <translation>cmd hält % für eine Variable</translation>
    </message>
    <message>
        <source>cmd takes = for a separator</source>
        <translation>cmd hält = für ein Trennzeichen</translation>
    </message>
    <message>
        <source>cuDNN</source>
        <translation>cuDNN</translation>
    </message>
    <message>
        <source>driver and library differ</source>
        <translation>Treiber und Bibliothek passen nicht zusammen</translation>
    </message>
    <message>
        <source>driver for CUDA {driver.cuda}</source>
        <translation>Treiber für CUDA {driver.cuda}</translation>
    </message>
    <message>
        <source>driver {driver.version}</source>
        <translation>Treiber {driver.version}</translation>
    </message>
    <message>
        <source>driver {driver.version}, library of another version</source>
        <translation>Treiber {driver.version}, Bibliothek einer anderen Version</translation>
    </message>
    <message>
        <source>index {network.index}</source>
        <translation>Index {network.index}</translation>
    </message>
    <message>
        <source>index {network.index}, mirror {network.mirror}</source>
        <translation>Index {network.index}, Spiegel {network.mirror}</translation>
    </message>
    <message>
        <source>index {network.index}, proxy {network.proxy}, mirror {network.mirror}</source>
        <translation>Index {network.index}, Proxy {network.proxy}, Spiegel {network.mirror}</translation>
    </message>
    <message>
        <source>it hides the card</source>
        <translation>sie verbirgt die Karte</translation>
    </message>
    <message>
        <source>it holds a control character</source>
        <translation>er enthält ein Steuerzeichen</translation>
    </message>
    <message>
        <source>it is a network share, where links and locks may not work</source>
        <translation>es ist eine Netzwerkfreigabe, auf der Verknüpfungen und Sperren womöglich nicht gehen</translation>
    </message>
    <message>
        <source>it puts another library into every program</source>
        <translation>sie setzt eine weitere Bibliothek in jedes Programm</translation>
    </message>
    <message>
        <source>long paths are off</source>
        <translation>lange Pfade sind aus</translation>
    </message>
    <message>
        <source>macOS is not served</source>
        <translation>macOS wird nicht unterstützt</translation>
    </message>
    <message>
        <source>no NVIDIA card</source>
        <translation>keine NVIDIA-Karte</translation>
    </message>
    <message>
        <source>no Visual C++ 2015-2022 runtime (x64)</source>
        <translation>keine Visual-C++-Laufzeit 2015-2022 (x64)</translation>
    </message>
    <message>
        <source>no Visual Studio compiler</source>
        <translation>kein Compiler von Visual Studio</translation>
    </message>
    <message>
        <source>no gcc</source>
        <translation>kein gcc</translation>
    </message>
    <message>
        <source>no graphics card</source>
        <translation>keine Grafikkarte</translation>
    </message>
    <message>
        <source>packages of the user would mix in</source>
        <translation>Pakete des Benutzers würden sich einmischen</translation>
    </message>
    <message>
        <source>pip would install beside the environment</source>
        <translation>pip würde neben die Umgebung installieren</translation>
    </message>
    <message>
        <source>pip would install into the user&apos;s folder</source>
        <translation>pip würde in den Ordner des Benutzers installieren</translation>
    </message>
    <message>
        <source>search patterns take [ for a set of characters</source>
        <translation>Suchmuster halten [ für eine Zeichenmenge</translation>
    </message>
    <message>
        <source>search patterns take ] for a set of characters</source>
        <translation>Suchmuster halten ] für eine Zeichenmenge</translation>
    </message>
    <message>
        <source>shells run what stands between backticks</source>
        <translation>Shells führen aus, was zwischen schrägen Akzenten steht</translation>
    </message>
    <message>
        <source>some tools take , for the end of a path</source>
        <translation>manche Werkzeuge halten , für das Ende eines Pfads</translation>
    </message>
    <message>
        <source>the search path is split at :</source>
        <translation>der Suchpfad wird bei : geteilt</translation>
    </message>
    <message>
        <source>the search path is split at ;</source>
        <translation>der Suchpfad wird bei ; geteilt</translation>
    </message>
    <message>
        <source>torch._inductor</source>
        <translation>torch._inductor</translation>
    </message>
    <message>
        <source>uv would install into the system&apos;s Python</source>
        <translation>uv würde in das Python des Systems installieren</translation>
    </message>
    <message>
        <source>xformers does not run here</source>
        <translation>xformers läuft hier nicht</translation>
    </message>
    <message>
        <source>{card.name} with {card.memory}</source>
        <translation>{card.name} mit {card.memory}</translation>
    </message>
    <message>
        <source>{card.name}, compute capability {card.capability}</source>
        <translation>{card.name}, Compute Capability {card.capability}</translation>
    </message>
    <message>
        <source>{card.name}, no driver</source>
        <translation>{card.name}, kein Treiber</translation>
    </message>
    <message>
        <source>{card.name}, {card.architecture}, compute capability {card.capability}</source>
        <translation>{card.name}, {card.architecture}, Compute Capability {card.capability}</translation>
    </message>
    <message>
        <source>{card.used} of {card.memory} in use</source>
        <translation>{card.used} von {card.memory} belegt</translation>
    </message>
    <message>
        <source>{disk.free} free on {disk.root}</source>
        <translation>{disk.free} frei auf {disk.root}</translation>
    </message>
    <message>
        <source>{home.length} characters: {home.path}</source>
        <translation>{home.length} Zeichen: {home.path}</translation>
    </message>
    <message>
        <source>{leftovers.count} found, {leftovers.size}</source>
        <translation>{leftovers.count} gefunden, {leftovers.size}</translation>
    </message>
    <message>
        <source>{memory.available} free of {memory.total}</source>
        <translation>{memory.available} von {memory.total} frei</translation>
    </message>
    <message>
        <source>{memory.total} in all</source>
        <translation>{memory.total} insgesamt</translation>
    </message>
    <message>
        <source>{os.name} under WSL</source>
        <translation>{os.name} unter WSL</translation>
    </message>
    <message>
        <source>{os.name}, build {os.build}</source>
        <translation>{os.name}, build {os.build}</translation>
    </message>
    <message>
        <source>{packages.cpu_torch}, which cannot see the card. The new setup does not use it.</source>
        <translation>{packages.cpu_torch}, das die Karte nicht sieht. Die neue Einrichtung benutzt es nicht.</translation>
    </message>
    <message>
        <source>| cannot be part of a path</source>
        <translation>| kann nicht Teil eines Pfads sein</translation>
    </message>
    <message>
        <source>A Jupyter kernel</source>
        <translation>Ein Jupyter-Kernel</translation>
    </message>
    <message>
        <source>An entry in the menu</source>
        <translation>Ein Eintrag im Menü</translation>
    </message>
    <message>
        <source>A VPN or a proxy may be needed in this network: name it in the details of the page Setup</source>
        <translation>In diesem Netz kann ein VPN oder ein Proxy nötig sein: Nennen Sie ihn in den Einzelheiten der Seite Einrichtung</translation>
    </message>
    <message>
        <source>A VPN program that is not running often leaves its proxy behind</source>
        <translation>Ein VPN-Programm, das nicht läuft, lässt oft seinen Proxy zurück</translation>
    </message>
    <message>
        <source>A VPN that is half connected also does this: close it or connect it again</source>
        <translation>Das tut auch ein halb verbundenes VPN: Schließen Sie es, oder verbinden Sie es neu</translation>
    </message>
    <message>
        <source>A cable or another network helps against repeated breaks</source>
        <translation>Gegen wiederholte Abbrüche hilft ein Kabel oder ein anderes Netz</translation>
    </message>
    <message>
        <source>A company proxy or a virus scanner opens the encrypted connection and signs it again with its own root certificate, which Python does not know. Windows itself usually does.</source>
        <translation>Ein Firmenproxy oder ein Virenscanner öffnet die verschlüsselte Verbindung und unterschreibt sie mit seinem eigenen Stammzertifikat neu, das Python nicht kennt. Windows selbst kennt es meist.</translation>
    </message>
    <message>
        <source>A copy: download the model&apos;s folder elsewhere and give its path as the model&apos;s name</source>
        <translation>Eine Kopie: Laden Sie den Ordner des Modells anderswo und geben Sie seinen Pfad als Namen des Modells an</translation>
    </message>
    <message>
        <source>A download timed out</source>
        <translation>Ein Download dauerte zu lange</translation>
    </message>
    <message>
        <source>A downloaded file does not match its hash</source>
        <translation>Eine geladene Datei stimmt nicht mit ihrer Prüfsumme überein</translation>
    </message>
    <message>
        <source>A drive could not be read or written</source>
        <translation>Ein Laufwerk ließ sich nicht lesen oder beschreiben</translation>
    </message>
    <message>
        <source>A drive of the network or a stick: connect it again, then go on</source>
        <translation>Ein Netzlaufwerk oder ein Stick: Verbinden Sie es neu und machen Sie dann weiter</translation>
    </message>
    <message>
        <source>A drive ran out of space while files were written. It can be the drive of the temporary folder or of a cache, not the one you install to.</source>
        <translation>Beim Schreiben von Dateien ging auf einem Laufwerk der Platz aus. Es kann das des temporären Ordners oder eines Caches sein, nicht das, auf das Sie installieren.</translation>
    </message>
    <message>
        <source>A file is in use, or writing was denied</source>
        <translation>Eine Datei wird benutzt, oder das Schreiben wurde verweigert</translation>
    </message>
    <message>
        <source>A file of the environment is open in another program (a running Python, a notebook, a scanner), or this account may not write there.</source>
        <translation>Eine Datei der Umgebung ist in einem anderen Programm offen (ein laufendes Python, ein Notebook, ein Scanner), oder dieses Konto darf dort nicht schreiben.</translation>
    </message>
    <message>
        <source>A folder&apos;s name (often the user&apos;s) holds letters beyond plain ASCII, and a tool reads it in the wrong encoding and does not find its files.</source>
        <translation>Der Name eines Ordners (oft der des Benutzers) enthält Buchstaben außerhalb von ASCII, und ein Werkzeug liest ihn in der falschen Kodierung und findet seine Dateien nicht.</translation>
    </message>
    <message>
        <source>A list that demands hashes lacks one</source>
        <translation>Einer Liste, die Prüfsummen verlangt, fehlt eine</translation>
    </message>
    <message>
        <source>A login page answered instead of the index</source>
        <translation>Statt des Index antwortete eine Anmeldeseite</translation>
    </message>
    <message>
        <source>A path is longer than Windows allows</source>
        <translation>Ein Pfad ist länger, als Windows erlaubt</translation>
    </message>
    <message>
        <source>A program did not come to an end</source>
        <translation>Ein Programm kam zu keinem Ende</translation>
    </message>
    <message>
        <source>A program that this one started gave no answer in the time it was given, and was stopped. A very slow drive, a virus scanner or a hanging driver are the usual reasons.</source>
        <translation>Ein Programm, das dieses hier startete, antwortete nicht in der gegebenen Zeit und wurde angehalten. Ein sehr langsames Laufwerk, ein Virenscanner oder ein hängender Treiber sind die üblichen Gründe.</translation>
    </message>
    <message>
        <source>A proxy is set, but nothing answers at its address.</source>
        <translation>Ein Proxy ist eingestellt, aber unter seiner Adresse antwortet nichts.</translation>
    </message>
    <message>
        <source>A proxy: name it in HTTPS_PROXY</source>
        <translation>Ein Proxy: Nennen Sie ihn in HTTPS_PROXY</translation>
    </message>
    <message>
        <source>A ready wheel instead of a source archive avoids the deepest folders</source>
        <translation>Ein fertiges Paket statt eines Quellarchivs vermeidet die tiefsten Ordner</translation>
    </message>
    <message>
        <source>Accept the model&apos;s licence on its page while logged in, then log in on this PC; or take an open copy from the unsloth organisation.</source>
        <translation>Stimmen Sie angemeldet auf der Seite des Modells der Lizenz zu und melden Sie sich dann auf diesem PC an; oder nehmen Sie eine offene Kopie der Organisation unsloth.</translation>
    </message>
    <message>
        <source>Add the folder of this program to the exclusions, if you trust the source</source>
        <translation>Nehmen Sie den Ordner dieses Programms in die Ausschlüsse auf, wenn Sie der Quelle vertrauen</translation>
    </message>
    <message>
        <source>Allow the file or this program&apos;s folder in the virus scanner, then try this step again.</source>
        <translation>Erlauben Sie im Virenscanner die Datei oder den Ordner dieses Programms und versuchen Sie diesen Schritt dann noch einmal.</translation>
    </message>
    <message>
        <source>As administrator in PowerShell: New-ItemProperty -Path HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem -Name LongPathsEnabled -Value 1 -PropertyType DWORD -Force</source>
        <translation>Als Administrator in PowerShell: New-ItemProperty -Path HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem -Name LongPathsEnabled -Value 1 -PropertyType DWORD -Force</translation>
    </message>
    <message>
        <source>Check date and time of this computer; if they are right, wait or use another mirror.</source>
        <translation>Prüfen Sie Datum und Uhrzeit dieses Computers; stimmen sie, warten Sie oder nehmen Sie einen anderen Spiegel.</translation>
    </message>
    <message>
        <source>Check that this PC is online and that the name is spelled right, then try again.</source>
        <translation>Prüfen Sie, ob dieser PC online ist und der Name richtig geschrieben, und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Check the connection and try again; or use a mirror, or a copy of the model in a folder.</source>
        <translation>Prüfen Sie die Verbindung und versuchen Sie es noch einmal; oder nehmen Sie einen Spiegel oder eine Kopie des Modells in einem Ordner.</translation>
    </message>
    <message>
        <source>Check the index&apos;s address (and a proxy, if one is set), then try again.</source>
        <translation>Prüfen Sie die Adresse des Index (und des Proxys, falls einer eingestellt ist) und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Choose a folder on another drive, and have the drive checked.</source>
        <translation>Wählen Sie einen Ordner auf einem anderen Laufwerk, und lassen Sie dieses prüfen.</translation>
    </message>
    <message>
        <source>Choose a folder outside of OneDrive for this program, for example C:\unsloth.</source>
        <translation>Wählen Sie für dieses Programm einen Ordner außerhalb von OneDrive, zum Beispiel C:\unsloth.</translation>
    </message>
    <message>
        <source>Choose a folder with plain letters only for this program, for example C:\unsloth; it keeps environment, caches and temporary files there.</source>
        <translation>Wählen Sie für dieses Programm einen Ordner nur mit einfachen Buchstaben, zum Beispiel C:\unsloth; Umgebung, Caches und temporäre Dateien liegen dann dort.</translation>
    </message>
    <message>
        <source>Choose another index or mirror in the details of the page Setup, or ask who runs the filter.</source>
        <translation>Wählen Sie in den Einzelheiten der Seite Einrichtung einen anderen Index oder Spiegel, oder fragen Sie, wer den Filter betreibt.</translation>
    </message>
    <message>
        <source>Choose another index or mirror in the details of the page Setup.</source>
        <translation>Wählen Sie in den Einzelheiten der Seite Einrichtung einen anderen Index oder Spiegel.</translation>
    </message>
    <message>
        <source>Choose another index or mirror in the details of the page Setup; sign in to the network if it has a login page.</source>
        <translation>Wählen Sie in den Einzelheiten der Seite Einrichtung einen anderen Index oder Spiegel; melden Sie sich im Netz an, falls es eine Anmeldeseite hat.</translation>
    </message>
    <message>
        <source>Choose the default index or another mirror in the details of the page Setup.</source>
        <translation>Wählen Sie in den Einzelheiten der Seite Einrichtung den voreingestellten Index oder einen anderen Spiegel.</translation>
    </message>
    <message>
        <source>Close every Python and Jupyter window; in the Task Manager look for python.exe</source>
        <translation>Schließen Sie jedes Fenster von Python und Jupyter; suchen Sie im Task-Manager nach python.exe</translation>
    </message>
    <message>
        <source>Close programs that use the environment (Python, notebooks, editors), then try this step again. This program installs beside the old environment, so what runs there cannot be in its way.</source>
        <translation>Schließen Sie Programme, die die Umgebung benutzen (Python, Notebooks, Editoren), und versuchen Sie diesen Schritt dann noch einmal. Dieses Programm installiert neben die alte Umgebung, was dort läuft, kann also nicht im Weg sein.</translation>
    </message>
    <message>
        <source>Correct or remove the proxy in the details of the page Setup.</source>
        <translation>Berichtigen oder entfernen Sie den Proxy in den Einzelheiten der Seite Einrichtung.</translation>
    </message>
    <message>
        <source>Do not switch the check off</source>
        <translation>Schalten Sie die Prüfung nicht aus</translation>
    </message>
    <message>
        <source>Each answer leads to another address without end. A mirror or a login portal is set up wrongly.</source>
        <translation>Jede Antwort führt zu einer anderen Adresse, ohne Ende. Ein Spiegel oder eine Anmeldeseite ist falsch eingerichtet.</translation>
    </message>
    <message>
        <source>Elsewhere: let TEMP, the pip cache and HF_HOME point to a drive with space</source>
        <translation>Anderswo: Lassen Sie TEMP, den pip-Cache und HF_HOME auf ein Laufwerk mit Platz zeigen</translation>
    </message>
    <message>
        <source>Exclude the folder from the virus scanner while installing</source>
        <translation>Nehmen Sie den Ordner beim Installieren vom Virenscanner aus</translation>
    </message>
    <message>
        <source>Fetch the file again without the cache; this program drops the bad file and does so.</source>
        <translation>Laden Sie die Datei ohne Cache noch einmal; dieses Programm verwirft die schlechte Datei und tut das.</translation>
    </message>
    <message>
        <source>For Git: git config --global core.longpaths true</source>
        <translation>Für Git: git config --global core.longpaths true</translation>
    </message>
    <message>
        <source>Form: http://NAME:PASSWORD@HOST:PORT; special letters as %-codes</source>
        <translation>Form: http://NAME:PASSWORT@HOST:PORT; besondere Zeichen als %-Codes</translation>
    </message>
    <message>
        <source>Give the index with its login, or choose the default index.</source>
        <translation>Geben Sie den Index mit seiner Anmeldung an, oder wählen Sie den voreingestellten Index.</translation>
    </message>
    <message>
        <source>Give the proxy with its login in the details of the page Setup; the password is not written to any file.</source>
        <translation>Geben Sie den Proxy mit seiner Anmeldung in den Einzelheiten der Seite Einrichtung an; das Passwort wird in keine Datei geschrieben.</translation>
    </message>
    <message>
        <source>Hugging Face: log in, which raises the limit</source>
        <translation>Hugging Face: Melden Sie sich an, das hebt die Grenze</translation>
    </message>
    <message>
        <source>If it comes again with the same wrong hash, something between you and the index replaces files: try another network or the index without the mirror</source>
        <translation>Kommt dieselbe falsche Prüfsumme wieder, ersetzt etwas zwischen Ihnen und dem Index Dateien: Versuchen Sie ein anderes Netz oder den Index ohne den Spiegel</translation>
    </message>
    <message>
        <source>If it must stay there: UV_LINK_MODE=copy, and pause the synchronisation while installing</source>
        <translation>Wenn er dort bleiben muss: UV_LINK_MODE=copy, und halten Sie den Abgleich beim Installieren an</translation>
    </message>
    <message>
        <source>If the folder belongs to the system or another account, choose one of your own</source>
        <translation>Gehört der Ordner dem System oder einem anderen Konto, wählen Sie einen eigenen</translation>
    </message>
    <message>
        <source>In the details of the page Setup keep &quot;system&quot; as certificate store, or name your company&apos;s root file</source>
        <translation>Lassen Sie in den Einzelheiten der Seite Einrichtung „system“ als Zertifikatsspeicher, oder nennen Sie die Stammdatei Ihrer Firma</translation>
    </message>
    <message>
        <source>In the environment&apos;s console: hf auth login (older: huggingface-cli login), with a token that may read gated models</source>
        <translation>In der Konsole der Umgebung: hf auth login (älter: huggingface-cli login), mit einem Token, das zugangsbeschränkte Modelle lesen darf</translation>
    </message>
    <message>
        <source>In your own list: add the hash that pip prints, after checking where it comes from</source>
        <translation>In einer eigenen Liste: Ergänzen Sie die Prüfsumme, die pip ausgibt, nachdem Sie geprüft haben, woher sie kommt</translation>
    </message>
    <message>
        <source>Letters in a path that a tool cannot read</source>
        <translation>Buchstaben in einem Pfad, die ein Werkzeug nicht lesen kann</translation>
    </message>
    <message>
        <source>Look at the variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, and at the system&apos;s proxy settings</source>
        <translation>Sehen Sie nach den Variablen HTTP_PROXY, HTTPS_PROXY und ALL_PROXY und nach den Proxy-Einstellungen des Systems</translation>
    </message>
    <message>
        <source>Look whether a proxy has to be named in the details of the page Setup</source>
        <translation>Sehen Sie nach, ob in den Einzelheiten der Seite Einrichtung ein Proxy zu nennen ist</translation>
    </message>
    <message>
        <source>Make room, then go on: finished files are kept and nothing is fetched twice.</source>
        <translation>Schaffen Sie Platz und machen Sie dann weiter: Fertige Dateien bleiben, nichts wird zweimal geladen.</translation>
    </message>
    <message>
        <source>No name server knew the address. Usually there is no internet at the moment, or the name is wrong, or a proxy has to be used.</source>
        <translation>Kein Namensserver kannte die Adresse. Meist ist gerade kein Internet da, oder der Name ist falsch, oder ein Proxy muss benutzt werden.</translation>
    </message>
    <message>
        <source>Nothing listens at that address and port: the index or a local proxy is not running.</source>
        <translation>An dieser Adresse und diesem Port hört nichts: Der Index oder ein lokaler Proxy läuft nicht.</translation>
    </message>
    <message>
        <source>On a company PC the IT department knows a proxy without login for programs</source>
        <translation>Auf einem Firmen-PC kennt die IT-Abteilung einen Proxy ohne Anmeldung für Programme</translation>
    </message>
    <message>
        <source>On a managed PC ask the administrator</source>
        <translation>Auf einem verwalteten PC fragen Sie den Administrator</translation>
    </message>
    <message>
        <source>OneDrive does not allow the links with which files are installed without copying them, and it locks files while it uploads them.</source>
        <translation>OneDrive erlaubt die Verknüpfungen nicht, mit denen Dateien ohne Kopieren installiert werden, und sperrt Dateien, während es sie hochlädt.</translation>
    </message>
    <message>
        <source>Open any page in a browser, sign in to the network, then try this step again.</source>
        <translation>Öffnen Sie eine Seite im Browser, melden Sie sich im Netz an und versuchen Sie diesen Schritt dann noch einmal.</translation>
    </message>
    <message>
        <source>Open copies: for example unsloth/Llama-3.2-3B-Instruct-bnb-4bit</source>
        <translation>Offene Kopien: zum Beispiel unsloth/Llama-3.2-3B-Instruct-bnb-4bit</translation>
    </message>
    <message>
        <source>Open the model&apos;s page on huggingface.co and accept the conditions</source>
        <translation>Öffnen Sie die Seite des Modells auf huggingface.co und nehmen Sie die Bedingungen an</translation>
    </message>
    <message>
        <source>Or choose a folder on a larger drive: this program keeps its temporary files and caches there too</source>
        <translation>Oder wählen Sie einen Ordner auf einem größeren Laufwerk: Dieses Programm hat auch seine temporären Dateien und Caches dort</translation>
    </message>
    <message>
        <source>PYTHONUTF8=1 mends scripts that read text files in the wrong encoding</source>
        <translation>PYTHONUTF8=1 hilft Skripten, die Textdateien in der falschen Kodierung lesen</translation>
    </message>
    <message>
        <source>Restart Windows</source>
        <translation>Starten Sie Windows neu</translation>
    </message>
    <message>
        <source>Set HF_HOME, TRITON_CACHE_DIR and TORCHINDUCTOR_CACHE_DIR to folders with plain letters</source>
        <translation>Setzen Sie HF_HOME, TRITON_CACHE_DIR und TORCHINDUCTOR_CACHE_DIR auf Ordner mit einfachen Buchstaben</translation>
    </message>
    <message>
        <source>Set the variable PYTHONUTF8 to 1 before the script starts; environments of this program do.</source>
        <translation>Setzen Sie vor dem Start des Skripts die Variable PYTHONUTF8 auf 1; Umgebungen dieses Programms tun es.</translation>
    </message>
    <message>
        <source>Settings, System, For developers: Developer Mode on; then start the download again</source>
        <translation>Einstellungen, System, Für Entwickler: Entwicklermodus an; starten Sie dann den Download neu</translation>
    </message>
    <message>
        <source>Switch long paths on, or choose a short folder such as C:\u for this program.</source>
        <translation>Schalten Sie lange Pfade ein, oder wählen Sie für dieses Programm einen kurzen Ordner wie C:\u.</translation>
    </message>
    <message>
        <source>Switch on Developer Mode, or install a setup with a newer huggingface_hub.</source>
        <translation>Schalten Sie den Entwicklermodus ein, oder installieren Sie eine Einrichtung mit neuerem huggingface_hub.</translation>
    </message>
    <message>
        <source>Switch the network on, then try again; what has arrived is kept.</source>
        <translation>Schalten Sie das Netz ein und versuchen Sie es dann noch einmal; was angekommen ist, bleibt.</translation>
    </message>
    <message>
        <source>Switch the offline setting off, or make the bundle complete on a PC with internet.</source>
        <translation>Schalten Sie die Offline-Einstellung aus, oder vervollständigen Sie den Offline-Ordner auf einem PC mit Internet.</translation>
    </message>
    <message>
        <source>The Hugging Face Hub cannot be reached, and nothing is in the cache</source>
        <translation>Der Hugging Face Hub ist nicht erreichbar, und nichts ist im Cache</translation>
    </message>
    <message>
        <source>The certificate is outside of its dates. Either the server&apos;s owner has to renew it, or the clock of this computer is wrong.</source>
        <translation>Das Zertifikat liegt außerhalb seiner Frist. Entweder muss der Besitzer des Servers es erneuern, oder die Uhr dieses Computers geht falsch.</translation>
    </message>
    <message>
        <source>The connection broke or the download is incomplete</source>
        <translation>Die Verbindung brach ab, oder der Download ist unvollständig</translation>
    </message>
    <message>
        <source>The connection&apos;s certificate is signed by a proxy or scanner</source>
        <translation>Das Zertifikat der Verbindung ist von einem Proxy oder Scanner unterschrieben</translation>
    </message>
    <message>
        <source>The console cannot show a character</source>
        <translation>Die Konsole kann ein Zeichen nicht zeigen</translation>
    </message>
    <message>
        <source>The disk is full</source>
        <translation>Die Platte ist voll</translation>
    </message>
    <message>
        <source>The download cache wants to link files, which Windows allows only in Developer Mode or to administrators. Newer huggingface_hub copies instead.</source>
        <translation>Der Download-Cache will Dateien verknüpfen, was Windows nur im Entwicklermodus oder Administratoren erlaubt. Neueres huggingface_hub kopiert stattdessen.</translation>
    </message>
    <message>
        <source>The folder is synchronised by OneDrive</source>
        <translation>Der Ordner wird von OneDrive abgeglichen</translation>
    </message>
    <message>
        <source>The index answered 401: it is private and wants a name and a password.</source>
        <translation>Der Index antwortete 401: Er ist privat und will Namen und Passwort.</translation>
    </message>
    <message>
        <source>The index asks for a login</source>
        <translation>Der Index verlangt eine Anmeldung</translation>
    </message>
    <message>
        <source>The index does not have a file that it lists</source>
        <translation>Der Index hat eine Datei nicht, die er nennt</translation>
    </message>
    <message>
        <source>The index forbids the access</source>
        <translation>Der Index verbietet den Zugriff</translation>
    </message>
    <message>
        <source>The index gave an address that is not https, a file that was not asked for, or an answer that cannot be read. A mirror that is set up wrongly does that, and so does somebody in between.</source>
        <translation>Der Index nannte eine Adresse ohne https, eine Datei, die nicht verlangt war, oder eine Antwort, die sich nicht lesen lässt. Das tut ein falsch eingerichteter Spiegel, und ebenso jemand dazwischen.</translation>
    </message>
    <message>
        <source>The index offers something that is not taken</source>
        <translation>Der Index bietet etwas an, das nicht angenommen wird</translation>
    </message>
    <message>
        <source>The model is gated: no access, or no token</source>
        <translation>Das Modell ist zugangsbeschränkt: kein Zugriff oder kein Token</translation>
    </message>
    <message>
        <source>The model or data set has to be downloaded, but huggingface.co does not answer from here.</source>
        <translation>Das Modell oder der Datensatz muss geladen werden, aber huggingface.co antwortet von hier aus nicht.</translation>
    </message>
    <message>
        <source>The model&apos;s owner asks you to accept a licence on the Hugging Face Hub, and the download must carry your token.</source>
        <translation>Der Besitzer des Modells verlangt, dass Sie auf dem Hugging Face Hub einer Lizenz zustimmen, und der Download muss Ihr Token mitführen.</translation>
    </message>
    <message>
        <source>The network (a hotel, a guest network, a company portal) returned a web page where a file was asked for.</source>
        <translation>Das Netz (eines Hotels, für Gäste, einer Firma) gab eine Webseite zurück, wo eine Datei verlangt war.</translation>
    </message>
    <message>
        <source>The network is switched off in the settings</source>
        <translation>Das Netz ist in den Einstellungen ausgeschaltet</translation>
    </message>
    <message>
        <source>The page Clean-up shows what older attempts left, with sizes</source>
        <translation>Die Seite Aufräumen zeigt, was frühere Versuche hinterlassen haben, mit Größen</translation>
    </message>
    <message>
        <source>The program prints a symbol (Unsloth prints a sloth) and Python writes in an old code page that does not have it.</source>
        <translation>Das Programm gibt ein Symbol aus (Unsloth ein Faultier), und Python schreibt in einer alten Codepage, die es nicht hat.</translation>
    </message>
    <message>
        <source>The proxy asks for a name and a password</source>
        <translation>Der Proxy verlangt Namen und Passwort</translation>
    </message>
    <message>
        <source>The proxy cannot be reached</source>
        <translation>Der Proxy ist nicht erreichbar</translation>
    </message>
    <message>
        <source>The requirements ask for hashes, but a package in them has none, so nothing is installed.</source>
        <translation>Die Liste verlangt Prüfsummen, aber ein Paket darin hat keine, darum wird nichts installiert.</translation>
    </message>
    <message>
        <source>The server answered 403. A company&apos;s filter or a mirror&apos;s rule stops this file, or the address is not open to you.</source>
        <translation>Der Server antwortete 403. Der Filter einer Firma oder die Regel eines Spiegels hält diese Datei auf, oder die Adresse ist für Sie nicht offen.</translation>
    </message>
    <message>
        <source>The server answered 404 for a file of a package. Mirrors that lag behind or leave large files out do that.</source>
        <translation>Der Server antwortete 404 für die Datei eines Pakets. Das tun Spiegel, die nachhinken oder große Dateien weglassen.</translation>
    </message>
    <message>
        <source>The server answered 429: this address asked too often in a short time.</source>
        <translation>Der Server antwortete 429: Diese Adresse fragte in kurzer Zeit zu oft.</translation>
    </message>
    <message>
        <source>The server answered with a fault of its own (500 to 504). It is not your PC.</source>
        <translation>Der Server antwortete mit einem eigenen Fehler (500 bis 504). Es liegt nicht an Ihrem PC.</translation>
    </message>
    <message>
        <source>The server has a fault</source>
        <translation>Der Server hat eine Störung</translation>
    </message>
    <message>
        <source>The server or something on the way answered too slowly or not at all.</source>
        <translation>Der Server oder etwas unterwegs antwortete zu langsam oder gar nicht.</translation>
    </message>
    <message>
        <source>The server refused the connection</source>
        <translation>Der Server hat die Verbindung abgelehnt</translation>
    </message>
    <message>
        <source>The server says that there were too many requests</source>
        <translation>Der Server sagt, dass es zu viele Anfragen waren</translation>
    </message>
    <message>
        <source>The server sends requests in a circle</source>
        <translation>Der Server schickt Anfragen im Kreis</translation>
    </message>
    <message>
        <source>The server&apos;s certificate has expired (or this PC&apos;s clock is wrong)</source>
        <translation>Das Zertifikat des Servers ist abgelaufen (oder die Uhr dieses PCs geht falsch)</translation>
    </message>
    <message>
        <source>The server&apos;s name could not be looked up</source>
        <translation>Der Name des Servers ließ sich nicht nachschlagen</translation>
    </message>
    <message>
        <source>The system reported a fault of the drive itself: a bad block, a device that went away, or a network drive that no longer answers.</source>
        <translation>Das System meldete einen Fehler des Laufwerks selbst: ein schlechter Block, ein Gerät, das verschwand, oder ein Netzlaufwerk, das nicht mehr antwortet.</translation>
    </message>
    <message>
        <source>The transfer was cut off in the middle.</source>
        <translation>Die Übertragung wurde mittendrin abgeschnitten.</translation>
    </message>
    <message>
        <source>The way to the internet leads through a proxy that wants a login, and none (or a wrong one) was sent.</source>
        <translation>Der Weg ins Internet führt über einen Proxy mit Anmeldung, und keine (oder eine falsche) wurde gesendet.</translation>
    </message>
    <message>
        <source>There is no way to the server</source>
        <translation>Es gibt keinen Weg zum Server</translation>
    </message>
    <message>
        <source>This computer has no network, or none that leads to the server: a cable, the wireless connection or a VPN is off.</source>
        <translation>Dieser Computer hat kein Netz oder keins, das zum Server führt: Ein Kabel, das WLAN oder ein VPN ist aus.</translation>
    </message>
    <message>
        <source>Try again later, or use another mirror.</source>
        <translation>Versuchen Sie es später noch einmal, oder nehmen Sie einen anderen Spiegel.</translation>
    </message>
    <message>
        <source>Try again: finished parts are kept. If it comes again, use a mirror or another network.</source>
        <translation>Versuchen Sie es noch einmal: Fertige Teile bleiben. Kommt es wieder, nehmen Sie einen Spiegel oder ein anderes Netz.</translation>
    </message>
    <message>
        <source>Try again: this program goes on where the file broke off.</source>
        <translation>Versuchen Sie es noch einmal: Dieses Programm macht weiter, wo die Datei abbrach.</translation>
    </message>
    <message>
        <source>Try again; if it hangs again, restart the computer first.</source>
        <translation>Versuchen Sie es noch einmal; hängt es wieder, starten Sie zuerst den Computer neu.</translation>
    </message>
    <message>
        <source>Use the system&apos;s certificates: Windows knows the company&apos;s root. This program does so for its downloads.</source>
        <translation>Benutzen Sie die Zertifikate des Systems: Windows kennt das der Firma. Dieses Programm tut das bei seinen Downloads.</translation>
    </message>
    <message>
        <source>Wait some minutes and try again.</source>
        <translation>Warten Sie einige Minuten und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>What arrived is not what the list of hashes promises: a broken or cached half download, a page of a proxy instead of the file, or a changed file on the index.</source>
        <translation>Was ankam, ist nicht, was die Liste der Prüfsummen verspricht: ein abgebrochener oder zwischengespeicherter halber Download, eine Seite eines Proxys statt der Datei oder eine geänderte Datei auf dem Index.</translation>
    </message>
    <message>
        <source>Windows Security, Virus and threat protection, Protection history: look which file was stopped</source>
        <translation>Windows-Sicherheit, Viren- und Bedrohungsschutz, Schutzverlauf: Sehen Sie nach, welche Datei angehalten wurde</translation>
    </message>
    <message>
        <source>Windows refuses to make a symbolic link</source>
        <translation>Windows verweigert eine symbolische Verknüpfung</translation>
    </message>
    <message>
        <source>Windows: chkdsk DRIVE: /scan in a console of an administrator</source>
        <translation>Windows: chkdsk LAUFWERK: /scan in einer Konsole mit Administratorrechten</translation>
    </message>
    <message>
        <source>Without internet: install from a bundle that was made on another PC</source>
        <translation>Ohne Internet: Installieren Sie aus einem Offline-Ordner, der auf einem anderen PC gemacht wurde</translation>
    </message>
    <message>
        <source>Without long paths Windows stops at 260 characters, and a file deep inside a package lies beyond.</source>
        <translation>Ohne lange Pfade hört Windows bei 260 Zeichen auf, und eine Datei tief in einem Paket liegt dahinter.</translation>
    </message>
    <message>
        <source>pip 25.1 and later: --resume-retries 10</source>
        <translation>pip ab 25.1: --resume-retries 10</translation>
    </message>
    <message>
        <source>pip: pip cache purge, then again with --no-cache-dir; uv: uv cache clean</source>
        <translation>pip: pip cache purge, dann noch einmal mit --no-cache-dir; uv: uv cache clean</translation>
    </message>
    <message>
        <source>pip: pip install --use-feature=truststore, or --cert FILE; uv: --system-certs; others: SSL_CERT_FILE and REQUESTS_CA_BUNDLE</source>
        <translation>pip: pip install --use-feature=truststore, oder --cert DATEI; uv: --system-certs; andere: SSL_CERT_FILE und REQUESTS_CA_BUNDLE</translation>
    </message>
    <message>
        <source>A bitsandbytes for Linux only, on Windows</source>
        <translation>Ein bitsandbytes nur für Linux, unter Windows</translation>
    </message>
    <message>
        <source>A build from source wants the CUDA toolkit</source>
        <translation>Ein Bau aus dem Quelltext verlangt das CUDA-Toolkit</translation>
    </message>
    <message>
        <source>A kernel on the card stopped with a fault</source>
        <translation>Ein Kernel auf der Karte brach mit einem Fehler ab</translation>
    </message>
    <message>
        <source>A package (often flash-attn, xformers or deepspeed) is being compiled and looks for nvcc. For training with ready wheels the toolkit is not needed at all.</source>
        <translation>Ein Paket (oft flash-attn, xformers oder deepspeed) wird übersetzt und sucht nvcc. Zum Trainieren mit fertigen Paketen ist das Toolkit gar nicht nötig.</translation>
    </message>
    <message>
        <source>A package wants to be compiled and Microsoft&apos;s C++ compiler is missing</source>
        <translation>Ein Paket will übersetzt werden, und der C++-Compiler von Microsoft fehlt</translation>
    </message>
    <message>
        <source>A package was asked for by its Git address, and there is no git to fetch it with.</source>
        <translation>Ein Paket wurde mit seiner Git-Adresse verlangt, und es gibt kein git, um es zu holen.</translation>
    </message>
    <message>
        <source>A package without a ready file for this environment was compiled here, and the compiler stopped. This is rarely worth mending.</source>
        <translation>Ein Paket ohne fertige Datei für diese Umgebung wurde hier übersetzt, und der Compiler brach ab. Das zu reparieren lohnt selten.</translation>
    </message>
    <message>
        <source>A package&apos;s isolated build cannot see torch</source>
        <translation>Der abgeschottete Bau eines Pakets sieht torch nicht</translation>
    </message>
    <message>
        <source>A setup names one Python version. It is not on this computer, and its download failed or does not exist for this system.</source>
        <translation>Eine Einrichtung nennt eine bestimmte Python-Version. Sie ist nicht auf diesem Computer, und ihr Download scheiterte oder ist für dieses System nicht vorhanden.</translation>
    </message>
    <message>
        <source>An object cannot be handed to a worker process</source>
        <translation>Ein Objekt lässt sich nicht an einen Arbeitsprozess übergeben</translation>
    </message>
    <message>
        <source>Ask again with uv pip install, which tells a missing package from an index that refused</source>
        <translation>Fragen Sie noch einmal mit uv pip install, das ein fehlendes Paket von einem ablehnenden Index unterscheidet</translation>
    </message>
    <message>
        <source>Ask for less: the page Ready shows what fits on this card while you turn the knobs.</source>
        <translation>Verlangen Sie weniger: Die Seite Bereit zeigt beim Verstellen, was auf diese Karte passt.</translation>
    </message>
    <message>
        <source>By hand: python3 -m venv ~/unsloth_env, then use ~/unsloth_env/bin/pip</source>
        <translation>Von Hand: python3 -m venv ~/unsloth_env, dann ~/unsloth_env/bin/pip benutzen</translation>
    </message>
    <message>
        <source>Check that the tokenizer belongs to the model</source>
        <translation>Prüfen Sie, ob der Tokenizer zum Modell gehört</translation>
    </message>
    <message>
        <source>Check the connection and try again; Python is then fetched afresh.</source>
        <translation>Prüfen Sie die Verbindung und versuchen Sie es noch einmal; Python wird dann neu geladen.</translation>
    </message>
    <message>
        <source>Check the name and the version, and whether the index in the settings is the right one and open to you.</source>
        <translation>Prüfen Sie Namen und Version, und ob der Index in den Einstellungen der richtige und für Sie offen ist.</translation>
    </message>
    <message>
        <source>Close other programs that use the card; WSL has a memory limit of its own</source>
        <translation>Schließen Sie andere Programme, die die Karte benutzen; WSL hat eine eigene Speichergrenze</translation>
    </message>
    <message>
        <source>Close other programs, use no worker processes, and load a smaller or a 4-bit model.</source>
        <translation>Schließen Sie andere Programme, benutzen Sie keine Arbeitsprozesse und laden Sie ein kleineres Modell oder eines in 4 Bit.</translation>
    </message>
    <message>
        <source>Compiling a package failed</source>
        <translation>Das Übersetzen eines Pakets ist gescheitert</translation>
    </message>
    <message>
        <source>Compute in fp16: dtype = None lets Unsloth choose; set fp16=True and bf16=False in the training arguments.</source>
        <translation>Rechnen Sie in fp16: Mit dtype = None wählt Unsloth selbst; setzen Sie in den Trainingsargumenten fp16=True und bf16=False.</translation>
    </message>
    <message>
        <source>Conda: activate the environment first (conda activate NAME), so that its OpenSSL is found</source>
        <translation>conda: Aktivieren Sie zuerst die Umgebung (conda activate NAME), damit ihr OpenSSL gefunden wird</translation>
    </message>
    <message>
        <source>Container: start it with --gpus all and the NVIDIA container toolkit on the host</source>
        <translation>Container: Starten Sie ihn mit --gpus all und mit dem NVIDIA Container Toolkit auf dem Host</translation>
    </message>
    <message>
        <source>Do not install flash-attn or unsloth&apos;s extras with &quot;ampere&quot; in the name</source>
        <translation>Installieren Sie weder flash-attn noch die Extras von unsloth mit „ampere“ im Namen</translation>
    </message>
    <message>
        <source>Elsewhere: uv python install 3.11, or the installer from python.org</source>
        <translation>Anderswo: uv python install 3.11, oder das Installationsprogramm von python.org</translation>
    </message>
    <message>
        <source>Get the driver from https://www.nvidia.com/drivers and restart</source>
        <translation>Holen Sie den Treiber von https://www.nvidia.com/drivers und starten Sie neu</translation>
    </message>
    <message>
        <source>Git is not installed</source>
        <translation>Git ist nicht installiert</translation>
    </message>
    <message>
        <source>Halve per_device_train_batch_size; gradient_accumulation_steps keeps the sum the same and costs no memory (raising it alone frees nothing)</source>
        <translation>Halbieren Sie per_device_train_batch_size; gradient_accumulation_steps hält die Summe gleich und kostet keinen Speicher (es allein zu erhöhen, macht nichts frei)</translation>
    </message>
    <message>
        <source>Halve the context length, or take a smaller model</source>
        <translation>Halbieren Sie die Kontextlänge, oder nehmen Sie ein kleineres Modell</translation>
    </message>
    <message>
        <source>If it comes at random places: undo overclocking, look at temperature and power, update the driver</source>
        <translation>Kommt es an wechselnden Stellen: Nehmen Sie Übertaktung zurück, prüfen Sie Temperatur und Stromversorgung, aktualisieren Sie den Treiber</translation>
    </message>
    <message>
        <source>If it must be compiled: install the Build Tools for Visual Studio with &quot;Desktop development with C++&quot;</source>
        <translation>Muss es doch übersetzt werden: Installieren Sie die Build Tools für Visual Studio mit „Desktopentwicklung mit C++“</translation>
    </message>
    <message>
        <source>If you do need to compile: install the CUDA toolkit of torch&apos;s CUDA version and set CUDA_HOME</source>
        <translation>Müssen Sie doch übersetzen: Installieren Sie das CUDA-Toolkit in der CUDA-Version von torch und setzen Sie CUDA_HOME</translation>
    </message>
    <message>
        <source>In Windows: wsl --update, then wsl --list --verbose; convert with wsl --set-version NAME 2</source>
        <translation>In Windows: wsl --update, dann wsl --list --verbose; umwandeln mit wsl --set-version NAME 2</translation>
    </message>
    <message>
        <source>In a container, the host must be restarted</source>
        <translation>In einem Container muss der Host neu gestartet werden</translation>
    </message>
    <message>
        <source>Inside WSL: /usr/lib/wsl/lib/nvidia-smi must list the card</source>
        <translation>Im WSL: /usr/lib/wsl/lib/nvidia-smi muss die Karte auflisten</translation>
    </message>
    <message>
        <source>Install a setup of this program: bitsandbytes and torch in it were chosen for the same CUDA version.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms: bitsandbytes und torch darin sind für dieselbe CUDA-Version gewählt.</translation>
    </message>
    <message>
        <source>Install a setup of this program: it pins a CUDA torch and a bitsandbytes that has a library for its CUDA version.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms: Sie schreibt ein torch mit CUDA fest und ein bitsandbytes, das eine Bibliothek für dessen CUDA-Version hat.</translation>
    </message>
    <message>
        <source>Install a setup of this program: it uses releases, so no Git is needed.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms: Sie benutzt veröffentlichte Ausgaben, daher ist kein Git nötig.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it brings a 64-bit Python of its own.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie bringt ihr eigenes Python mit 64 Bit mit.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it brings a complete Python.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie bringt ein vollständiges Python mit.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it brings its own Python and does not use the Store&apos;s.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie bringt ihr eigenes Python mit und benutzt das des Store nicht.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it fetches the Python version that its packages have files for.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie lädt die Python-Version, für die ihre Pakete Dateien haben.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it makes an environment of its own and leaves the system alone.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie legt eine eigene Umgebung an und lässt das System in Ruhe.</translation>
    </message>
    <message>
        <source>Install a setup of this program; its bitsandbytes has Windows wheels.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; ihr bitsandbytes hat Pakete für Windows.</translation>
    </message>
    <message>
        <source>Install the NVIDIA driver for the card and restart. The CUDA toolkit is not needed.</source>
        <translation>Installieren Sie den NVIDIA-Treiber für die Karte und starten Sie neu. Das CUDA-Toolkit ist nicht nötig.</translation>
    </message>
    <message>
        <source>Install torch first</source>
        <translation>Installieren Sie zuerst torch</translation>
    </message>
    <message>
        <source>Keep the NVIDIA driver of Windows current</source>
        <translation>Halten Sie den NVIDIA-Treiber von Windows aktuell</translation>
    </message>
    <message>
        <source>Leave the package out (Unsloth trains without flash-attn) or take a ready wheel; a setup of this program does.</source>
        <translation>Lassen Sie das Paket weg (Unsloth trainiert auch ohne flash-attn), oder nehmen Sie ein fertiges; eine Einrichtung dieses Programms tut das.</translation>
    </message>
    <message>
        <source>Leave the package out, or take a ready wheel of it; a setup of this program builds nothing.</source>
        <translation>Lassen Sie das Paket weg, oder nehmen Sie ein fertiges; eine Einrichtung dieses Programms baut nichts.</translation>
    </message>
    <message>
        <source>Linux, if it stays: install the driver package and the kernel module again from the same source, then restart</source>
        <translation>Linux, falls es bleibt: Installieren Sie Treiberpaket und Kernelmodul noch einmal aus derselben Quelle und starten Sie dann neu</translation>
    </message>
    <message>
        <source>Linux: install the driver of your distribution (Ubuntu: sudo ubuntu-drivers install), restart, then nvidia-smi must list the card</source>
        <translation>Linux: Installieren Sie den Treiber Ihrer Distribution (Ubuntu: sudo ubuntu-drivers install) und starten Sie neu; dann muss nvidia-smi die Karte auflisten</translation>
    </message>
    <message>
        <source>Load the model in 4 bit (load_in_4bit=True)</source>
        <translation>Laden Sie das Modell in 4 Bit (load_in_4bit=True)</translation>
    </message>
    <message>
        <source>Look at the page This PC first: it says whether the driver sees the card. Then install a setup of this program, whose torch is a CUDA build.</source>
        <translation>Sehen Sie zuerst auf der Seite Dieser PC nach: Sie sagt, ob der Treiber die Karte sieht. Installieren Sie dann eine Einrichtung dieses Programms, deren torch mit CUDA gebaut ist.</translation>
    </message>
    <message>
        <source>Look for a release of the package with a wheel for your Python, torch and CUDA</source>
        <translation>Suchen Sie eine Ausgabe des Pakets mit einer fertigen Datei für Ihr Python, torch und CUDA</translation>
    </message>
    <message>
        <source>Main memory is used up</source>
        <translation>Der Arbeitsspeicher ist aufgebraucht</translation>
    </message>
    <message>
        <source>Make the driver&apos;s folder known to the linker.</source>
        <translation>Machen Sie den Ordner des Treibers dem Linker bekannt.</translation>
    </message>
    <message>
        <source>Move everything that trains into a function and call it under if __name__ == &quot;__main__&quot;:</source>
        <translation>Legen Sie alles, was trainiert, in eine Funktion und rufen Sie sie unter if __name__ == &quot;__main__&quot;: auf</translation>
    </message>
    <message>
        <source>Newer releases of Unsloth do this by themselves on Windows</source>
        <translation>Neuere Ausgaben von Unsloth tun das unter Windows von selbst</translation>
    </message>
    <message>
        <source>No NVIDIA driver was found</source>
        <translation>Kein NVIDIA-Treiber gefunden</translation>
    </message>
    <message>
        <source>No card inside this WSL</source>
        <translation>Keine Karte in diesem WSL</translation>
    </message>
    <message>
        <source>No program can reach an NVIDIA card: the driver is not installed, not loaded, or (in a container) not handed in.</source>
        <translation>Kein Programm erreicht eine NVIDIA-Karte: Der Treiber ist nicht installiert, nicht geladen oder (in einem Container) nicht hineingereicht.</translation>
    </message>
    <message>
        <source>No ready file of the package fits this Python, so pip tries to build it and needs the C++ Build Tools. A ready file is nearly always the better way.</source>
        <translation>Keine fertige Datei des Pakets passt zu diesem Python, daher versucht pip, es zu bauen, und braucht die C++ Build Tools. Eine fertige Datei ist fast immer der bessere Weg.</translation>
    </message>
    <message>
        <source>On Windows a worker process imports the script again. Code outside of functions then runs again and tries to start workers itself.</source>
        <translation>Unter Windows importiert ein Arbeitsprozess das Skript neu. Code außerhalb von Funktionen läuft dann noch einmal und versucht selbst, Arbeitsprozesse zu starten.</translation>
    </message>
    <message>
        <source>Open the index&apos;s address in a browser: a login page or an error explains pip&apos;s words</source>
        <translation>Öffnen Sie die Adresse des Index im Browser: Eine Anmeldeseite oder ein Fehler erklärt die Worte von pip</translation>
    </message>
    <message>
        <source>Or install Git from https://git-scm.com and open a new console</source>
        <translation>Oder installieren Sie Git von https://git-scm.com und öffnen Sie eine neue Konsole</translation>
    </message>
    <message>
        <source>Or install Python from python.org</source>
        <translation>Oder installieren Sie Python von python.org</translation>
    </message>
    <message>
        <source>Or leave it out: flash-attn, deepspeed and apex are not needed to fine-tune on one card</source>
        <translation>Oder lassen Sie es weg: flash-attn, deepspeed und apex sind zum Feintuning auf einer Karte nicht nötig</translation>
    </message>
    <message>
        <source>Or name a release instead of the Git address</source>
        <translation>Oder nennen Sie eine Ausgabe statt der Git-Adresse</translation>
    </message>
    <message>
        <source>Other Linux: make a link libcuda.so beside libcuda.so.1, or install the driver&apos;s development package</source>
        <translation>Anderes Linux: Legen Sie eine Verknüpfung libcuda.so neben libcuda.so.1 an, oder installieren Sie das Entwicklungspaket des Treibers</translation>
    </message>
    <message>
        <source>Otherwise install Python from python.org</source>
        <translation>Sonst installieren Sie Python von python.org</translation>
    </message>
    <message>
        <source>Otherwise install the 64-bit edition from python.org</source>
        <translation>Sonst installieren Sie die 64-Bit-Fassung von python.org</translation>
    </message>
    <message>
        <source>Prepare the data without worker processes, or move the function to the top of the module.</source>
        <translation>Bereiten Sie die Daten ohne Arbeitsprozesse auf, oder stellen Sie die Funktion auf die oberste Ebene des Moduls.</translation>
    </message>
    <message>
        <source>Prepare the data without worker processes.</source>
        <translation>Bereiten Sie die Daten ohne Arbeitsprozesse auf.</translation>
    </message>
    <message>
        <source>Put the training code under if __name__ == &quot;__main__&quot;: and use no worker processes.</source>
        <translation>Stellen Sie den Trainingscode unter if __name__ == &quot;__main__&quot;: und benutzen Sie keine Arbeitsprozesse.</translation>
    </message>
    <message>
        <source>Python 3.11 fits all setups: uv venv --python 3.11, or the installer from python.org</source>
        <translation>Python 3.11 passt zu allen Einrichtungen: uv venv --python 3.11, oder das Installationsprogramm von python.org</translation>
    </message>
    <message>
        <source>Ready files exist, but for other systems only.</source>
        <translation>Es gibt fertige Dateien, aber nur für andere Systeme.</translation>
    </message>
    <message>
        <source>Remove flash-attn: pip uninstall flash-attn. Unsloth then uses xformers or torch&apos;s own attention.</source>
        <translation>Entfernen Sie flash-attn: pip uninstall flash-attn. Unsloth benutzt dann xformers oder die Attention von torch.</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Restart the computer. If the message stays, install the driver again.</source>
        <translation>Starten Sie den Computer neu. Bleibt die Meldung, installieren Sie den Treiber noch einmal.</translation>
    </message>
    <message>
        <source>Run once with CUDA_LAUNCH_BLOCKING=1: the message then names the true place.</source>
        <translation>Führen Sie es einmal mit CUDA_LAUNCH_BLOCKING=1 aus: Die Meldung nennt dann die wahre Stelle.</translation>
    </message>
    <message>
        <source>Set dataloader_num_workers to 0</source>
        <translation>Setzen Sie dataloader_num_workers auf 0</translation>
    </message>
    <message>
        <source>Set dataset_num_proc to None (1 also starts a worker from datasets 4.1 on) and dataloader_num_workers to 0</source>
        <translation>Setzen Sie dataset_num_proc auf None (ab datasets 4.1 startet auch 1 einen Arbeitsprozess) und dataloader_num_workers auf 0</translation>
    </message>
    <message>
        <source>Set dataset_num_proc to None (with datasets below 4.1 the value 1 is in-process too)</source>
        <translation>Setzen Sie dataset_num_proc auf None (bei datasets unter 4.1 bleibt auch der Wert 1 im selben Prozess)</translation>
    </message>
    <message>
        <source>Set dataset_num_proc to None and dataloader_num_workers to 0</source>
        <translation>Setzen Sie dataset_num_proc auf None und dataloader_num_workers auf 0</translation>
    </message>
    <message>
        <source>Settings, Apps, Advanced app settings, App execution aliases: switch off python.exe and python3.exe</source>
        <translation>Einstellungen, Apps, Erweiterte App-Einstellungen, App-Ausführungsaliase: Schalten Sie python.exe und python3.exe aus</translation>
    </message>
    <message>
        <source>Start the script with the environment that this program made, or make the environment again if it is damaged.</source>
        <translation>Starten Sie das Skript mit der Umgebung, die dieses Programm angelegt hat, oder machen Sie sie neu, falls sie beschädigt ist.</translation>
    </message>
    <message>
        <source>Take a Python for which the package has wheels (3.11 fits most)</source>
        <translation>Nehmen Sie ein Python, für das es fertige Dateien des Pakets gibt (3.11 passt meist)</translation>
    </message>
    <message>
        <source>Take a setup for this system; each setup of this program holds only files that exist for it.</source>
        <translation>Nehmen Sie eine Einrichtung für dieses System; jede Einrichtung dieses Programms enthält nur Dateien, die es dafür gibt.</translation>
    </message>
    <message>
        <source>The NVIDIA driver is older than this torch&apos;s CUDA needs</source>
        <translation>Der NVIDIA-Treiber ist älter, als das CUDA dieses torch verlangt</translation>
    </message>
    <message>
        <source>The Python that a setup needs could not be had</source>
        <translation>Das Python, das eine Einrichtung braucht, war nicht zu bekommen</translation>
    </message>
    <message>
        <source>The card reported a fault while computing: an index out of range (often a token number outside of the vocabulary), or an instable card.</source>
        <translation>Die Karte meldete beim Rechnen einen Fehler: ein Index außerhalb des Bereichs (oft eine Tokennummer außerhalb des Vokabulars) oder eine instabile Karte.</translation>
    </message>
    <message>
        <source>The card&apos;s memory is used up</source>
        <translation>Der Speicher der Karte ist aufgebraucht</translation>
    </message>
    <message>
        <source>The command python leads to a placeholder of the Microsoft Store, or to the Store&apos;s Python, which lives in protected folders and cannot be copied or linked like a normal one.</source>
        <translation>Der Befehl python führt zu einem Platzhalter des Microsoft Store oder zum Python des Store, das in geschützten Ordnern liegt und sich nicht wie ein gewöhnliches kopieren oder verknüpfen lässt.</translation>
    </message>
    <message>
        <source>The compiled part of flash-attn belongs to another torch or CUDA. Unsloth does not need it.</source>
        <translation>Der übersetzte Teil von flash-attn gehört zu einem anderen torch oder CUDA. Unsloth braucht ihn nicht.</translation>
    </message>
    <message>
        <source>The computer&apos;s main memory (not the card&apos;s) ran out.</source>
        <translation>Der Arbeitsspeicher des Computers (nicht der Karte) ging zu Ende.</translation>
    </message>
    <message>
        <source>The distribution manages this Python itself and lets pip install only into environments of your own.</source>
        <translation>Die Distribution verwaltet dieses Python selbst und lässt pip nur in eigene Umgebungen installieren.</translation>
    </message>
    <message>
        <source>The driver was updated while the old one is still loaded, so the two halves do not fit each other.</source>
        <translation>Der Treiber wurde aktualisiert, während der alte noch geladen ist; die beiden Hälften passen nicht zusammen.</translation>
    </message>
    <message>
        <source>The driver&apos;s library and its kernel module differ</source>
        <translation>Die Bibliothek des Treibers und sein Kernelmodul stimmen nicht überein</translation>
    </message>
    <message>
        <source>The driver&apos;s library exists (in WSL under /usr/lib/wsl/lib), but the linker or Triton does not look there.</source>
        <translation>Die Bibliothek des Treibers ist vorhanden (im WSL unter /usr/lib/wsl/lib), aber der Linker oder Triton sucht dort nicht.</translation>
    </message>
    <message>
        <source>The index answered, but not with what was asked for. With pip the same words also stand for an index that refused, failed or was replaced by a login page: pip does not say which. uv and this program do.</source>
        <translation>Der Index antwortete, aber nicht mit dem Verlangten. Bei pip stehen dieselben Worte auch für einen Index, der ablehnte, gestört war oder durch eine Anmeldeseite ersetzt wurde: pip sagt nicht, was davon. uv und dieses Programm sagen es.</translation>
    </message>
    <message>
        <source>The index does not offer that package or version</source>
        <translation>Der Index bietet dieses Paket oder diese Version nicht an</translation>
    </message>
    <message>
        <source>The package has no files for this system</source>
        <translation>Das Paket hat keine Dateien für dieses System</translation>
    </message>
    <message>
        <source>The package has no ready files for the Python in use: it is too new or too old for this release.</source>
        <translation>Das Paket hat keine fertigen Dateien für das benutzte Python: Es ist zu neu oder zu alt für diese Ausgabe.</translation>
    </message>
    <message>
        <source>The package imports torch while it is being built but does not say that it needs it, so pip and uv build it in an empty room without torch.</source>
        <translation>Das Paket importiert torch beim Bauen, sagt aber nicht, dass es torch braucht; pip und uv bauen es daher in einer leeren Umgebung ohne torch.</translation>
    </message>
    <message>
        <source>The page Ready opens a console with the right environment</source>
        <translation>Die Seite Bereit öffnet eine Konsole mit der richtigen Umgebung</translation>
    </message>
    <message>
        <source>The run asked for more memory than the card has free. Model size, context length and batch size decide how much it takes; other programs take their part too.</source>
        <translation>Der Lauf verlangte mehr Speicher, als auf der Karte frei ist. Modellgröße, Kontextlänge und Batchgröße bestimmen, wie viel er braucht; auch andere Programme nehmen ihren Teil.</translation>
    </message>
    <message>
        <source>The script has no main guard, and Windows starts it again for each worker</source>
        <translation>Das Skript hat keinen Schutz des Hauptteils, und Windows startet es für jeden Arbeitsprozess neu</translation>
    </message>
    <message>
        <source>The starter script of the page Ready asks the card before it chooses</source>
        <translation>Das Startskript der Seite Bereit fragt die Karte, bevor es wählt</translation>
    </message>
    <message>
        <source>The starter script of the page Ready is written that way</source>
        <translation>Das Startskript der Seite Bereit ist so geschrieben</translation>
    </message>
    <message>
        <source>The system&apos;s Python may not be changed with pip</source>
        <translation>Das Python des Systems darf nicht mit pip geändert werden</translation>
    </message>
    <message>
        <source>Then install the package with --no-build-isolation, with its build tools (ninja, packaging, setuptools, wheel) already in the environment</source>
        <translation>Installieren Sie dann das Paket mit --no-build-isolation; seine Bauwerkzeuge (ninja, packaging, setuptools, wheel) müssen schon in der Umgebung sein</translation>
    </message>
    <message>
        <source>Then pip install --upgrade bitsandbytes, and python -m bitsandbytes tells what it found</source>
        <translation>Dann pip install --upgrade bitsandbytes; python -m bitsandbytes sagt, was es gefunden hat</translation>
    </message>
    <message>
        <source>There are no files for this Python version</source>
        <translation>Für diese Python-Version gibt es keine Dateien</translation>
    </message>
    <message>
        <source>This Python has no working ssl module</source>
        <translation>Dieses Python hat kein brauchbares ssl-Modul</translation>
    </message>
    <message>
        <source>This Python is a 32-bit one</source>
        <translation>Dieses Python ist eines mit 32 Bit</translation>
    </message>
    <message>
        <source>This old bitsandbytes brings only .so files, which Windows cannot load. Releases since 0.43 have Windows wheels.</source>
        <translation>Dieses alte bitsandbytes bringt nur .so-Dateien mit, die Windows nicht laden kann. Ausgaben seit 0.43 haben Pakete für Windows.</translation>
    </message>
    <message>
        <source>Unsloth found no card that torch can use. Usually torch is its CPU build, or the driver is missing.</source>
        <translation>Unsloth fand keine Karte, die torch benutzen kann. Meist ist torch die CPU-Fassung, oder der Treiber fehlt.</translation>
    </message>
    <message>
        <source>Unsloth sees no accelerator</source>
        <translation>Unsloth sieht keinen Beschleuniger</translation>
    </message>
    <message>
        <source>Update the NVIDIA driver, or take a setup for an older CUDA version that this driver can run.</source>
        <translation>Aktualisieren Sie den NVIDIA-Treiber, oder nehmen Sie eine Einrichtung für eine ältere CUDA-Version, die dieser Treiber ausführen kann.</translation>
    </message>
    <message>
        <source>Use WSL 2 with a current NVIDIA driver in Windows; install no driver inside WSL.</source>
        <translation>Benutzen Sie WSL 2 mit einem aktuellen NVIDIA-Treiber in Windows; installieren Sie im WSL keinen Treiber.</translation>
    </message>
    <message>
        <source>Use a named function at the top of a module instead of a lambda or an inner function</source>
        <translation>Benutzen Sie eine benannte Funktion auf der obersten Ebene eines Moduls statt eines Lambdas oder einer inneren Funktion</translation>
    </message>
    <message>
        <source>Use a setup of this program: it installs ready files only and compiles nothing.</source>
        <translation>Nehmen Sie eine Einrichtung dieses Programms: Sie installiert nur fertige Dateien und übersetzt nichts.</translation>
    </message>
    <message>
        <source>Use ready wheels only, as the setups of this program do.</source>
        <translation>Benutzen Sie nur fertige Pakete, wie es die Einrichtungen dieses Programms tun.</translation>
    </message>
    <message>
        <source>WSL gets the card from the Windows driver, and only in version 2. This distribution is WSL 1, or the driver&apos;s library is not visible in it.</source>
        <translation>WSL bekommt die Karte vom Windows-Treiber, und nur in Version 2. Diese Distribution ist WSL 1, oder die Bibliothek des Treibers ist darin nicht sichtbar.</translation>
    </message>
    <message>
        <source>WSL: add export LD_LIBRARY_PATH=/usr/lib/wsl/lib:$LD_LIBRARY_PATH to ~/.bashrc, or run sudo ldconfig after writing /usr/lib/wsl/lib into a file below /etc/ld.so.conf.d</source>
        <translation>WSL: Fügen Sie export LD_LIBRARY_PATH=/usr/lib/wsl/lib:$LD_LIBRARY_PATH in ~/.bashrc ein, oder schreiben Sie /usr/lib/wsl/lib in eine Datei unter /etc/ld.so.conf.d und führen Sie sudo ldconfig aus</translation>
    </message>
    <message>
        <source>WSL: raise memory= in the file .wslconfig and run wsl --shutdown</source>
        <translation>WSL: Erhöhen Sie memory= in der Datei .wslconfig und führen Sie wsl --shutdown aus</translation>
    </message>
    <message>
        <source>Windows: get the driver from https://www.nvidia.com/drivers, install it, restart</source>
        <translation>Windows: Holen Sie den Treiber von https://www.nvidia.com/drivers, installieren Sie ihn, starten Sie neu</translation>
    </message>
    <message>
        <source>Windows: let the system manage the page file</source>
        <translation>Windows: Lassen Sie die Auslagerungsdatei vom System verwalten</translation>
    </message>
    <message>
        <source>Without the ssl module no HTTPS download can work. Typical for a conda environment that was not activated, or a Python built without OpenSSL.</source>
        <translation>Ohne das ssl-Modul geht kein Download über HTTPS. Typisch für eine conda-Umgebung, die nicht aktiviert wurde, oder ein Python, das ohne OpenSSL gebaut ist.</translation>
    </message>
    <message>
        <source>Worker processes get their work as copies, and this object (a function inside a function, a lambda, a module, a model) cannot be copied that way.</source>
        <translation>Arbeitsprozesse bekommen ihre Arbeit als Kopien, und dieses Objekt (eine Funktion in einer Funktion, ein Lambda, ein Modul, ein Modell) lässt sich so nicht kopieren.</translation>
    </message>
    <message>
        <source>bf16 on a card that cannot do it</source>
        <translation>bf16 auf einer Karte, die es nicht kann</translation>
    </message>
    <message>
        <source>bfloat16 needs an Ampere card (RTX 30, capability 8.0) or newer. Turing and Volta cards (RTX 20, GTX 16, T4, V100) compute in fp16.</source>
        <translation>bfloat16 braucht eine Ampere-Karte (RTX 30, Capability 8.0) oder neuer. Turing- und Volta-Karten (RTX 20, GTX 16, T4, V100) rechnen in fp16.</translation>
    </message>
    <message>
        <source>bitsandbytes found no CUDA library that fits torch, so 4-bit and 8-bit work on the card is off. Often torch is its CPU build, or its CUDA version is one for which this bitsandbytes has no file.</source>
        <translation>bitsandbytes fand keine CUDA-Bibliothek, die zu torch passt, daher ist das Rechnen mit 4 und 8 Bit auf der Karte aus. Oft ist torch die CPU-Fassung, oder für seine CUDA-Version hat dieses bitsandbytes keine Datei.</translation>
    </message>
    <message>
        <source>bitsandbytes has no library for torch&apos;s CUDA version, or Windows or Linux cannot load it because a CUDA library beside torch is missing.</source>
        <translation>bitsandbytes hat keine Bibliothek für die CUDA-Version von torch, oder Windows oder Linux kann sie nicht laden, weil eine CUDA-Bibliothek neben torch fehlt.</translation>
    </message>
    <message>
        <source>bitsandbytes loaded its library for the processor</source>
        <translation>bitsandbytes hat seine Bibliothek für den Prozessor geladen</translation>
    </message>
    <message>
        <source>bitsandbytes&apos; CUDA library, or a file it needs, is missing</source>
        <translation>Die CUDA-Bibliothek von bitsandbytes oder eine Datei, die sie braucht, fehlt</translation>
    </message>
    <message>
        <source>flash-attn was built for another torch</source>
        <translation>flash-attn wurde für ein anderes torch gebaut</translation>
    </message>
    <message>
        <source>libcuda.so is not found although the driver is there</source>
        <translation>libcuda.so wird nicht gefunden, obwohl der Treiber da ist</translation>
    </message>
    <message>
        <source>nvidia-smi must list the card; if not, install the driver</source>
        <translation>nvidia-smi muss die Karte auflisten; wenn nicht, installieren Sie den Treiber</translation>
    </message>
    <message>
        <source>pip install &quot;bitsandbytes&gt;=0.43&quot;</source>
        <translation>pip install &quot;bitsandbytes&gt;=0.43&quot;</translation>
    </message>
    <message>
        <source>pip install --upgrade bitsandbytes</source>
        <translation>pip install --upgrade bitsandbytes</translation>
    </message>
    <message>
        <source>pip uninstall bitsandbytes bitsandbytes-windows</source>
        <translation>pip uninstall bitsandbytes bitsandbytes-windows</translation>
    </message>
    <message>
        <source>python -c &quot;import struct; print(8 * struct.calcsize(&apos;P&apos;))&quot; must print 64</source>
        <translation>python -c &quot;import struct; print(8 * struct.calcsize(&apos;P&apos;))&quot; muss 64 ausgeben</translation>
    </message>
    <message>
        <source>python -c &quot;import sys; print(sys.prefix)&quot; shows which environment is in use</source>
        <translation>python -c &quot;import sys; print(sys.prefix)&quot; zeigt, welche Umgebung benutzt wird</translation>
    </message>
    <message>
        <source>python -c &quot;import torch; print(torch.version.cuda)&quot; must print a version</source>
        <translation>python -c &quot;import torch; print(torch.version.cuda)&quot; muss eine Version ausgeben</translation>
    </message>
    <message>
        <source>python -c &quot;import torch; print(torch.version.cuda, torch.cuda.is_available())&quot; must print a version and True</source>
        <translation>python -c &quot;import torch; print(torch.version.cuda, torch.cuda.is_available())&quot; muss eine Version und True ausgeben</translation>
    </message>
    <message>
        <source>python -m bitsandbytes shows which file it looks for; it must exist in the package&apos;s folder</source>
        <translation>python -m bitsandbytes zeigt, welche Datei es sucht; sie muss im Ordner des Pakets liegen</translation>
    </message>
    <message>
        <source>python is the Microsoft Store&apos;s placeholder</source>
        <translation>python ist der Platzhalter des Microsoft Store</translation>
    </message>
    <message>
        <source>torch 2.4.0 has files for Python 3.8 to 3.12</source>
        <translation>torch 2.4.0 hat Dateien für Python 3.8 bis 3.12</translation>
    </message>
    <message>
        <source>torch exists for 64-bit Python only. Windows sometimes gets the 32-bit edition without anybody asking for it.</source>
        <translation>torch gibt es nur für Python mit 64 Bit. Unter Windows gerät manchmal die 32-Bit-Fassung auf den PC, ohne dass jemand sie wollte.</translation>
    </message>
    <message>
        <source>A model that is newer than the setup needs a newer setup</source>
        <translation>Ein Modell, das neuer ist als die Einrichtung, braucht eine neuere Einrichtung</translation>
    </message>
    <message>
        <source>A package brings code that was generated for an older protobuf than the installed one.</source>
        <translation>Ein Paket bringt Code mit, der für ein älteres protobuf als das installierte erzeugt wurde.</translation>
    </message>
    <message>
        <source>A part that belongs to every torch is missing. Either the install was cut off or mixed with another one, or a file or folder named torch in the working folder hides the real package. torch._inductor and torch.amp exist in torch 2.4.0, so a newer torch is not what is missing.</source>
        <translation>Es fehlt ein Teil, der zu jedem torch gehört. Entweder wurde die Installation abgebrochen oder mit einer anderen vermischt, oder eine Datei oder ein Ordner namens torch im Arbeitsordner verdeckt das richtige Paket. torch._inductor und torch.amp gibt es in torch 2.4.0, ein neueres torch ist es also nicht, was fehlt.</translation>
    </message>
    <message>
        <source>By hand: install the MSVC x64 build tools of Visual Studio, which bring the file. Do not take DLLs from collections on the web</source>
        <translation>Von Hand: Installieren Sie die MSVC-x64-Buildtools von Visual Studio, die die Datei mitbringen. Nehmen Sie keine DLLs aus Sammlungen im Internet</translation>
    </message>
    <message>
        <source>By hand: upgrade both in one command and without their dependencies</source>
        <translation>Von Hand: Aktualisieren Sie beide mit einem Befehl und ohne ihre Abhängigkeiten</translation>
    </message>
    <message>
        <source>Check that python -c &quot;import torch; print(torch.version.cuda)&quot; prints a version and not None</source>
        <translation>Prüfen Sie, ob python -c &quot;import torch; print(torch.version.cuda)&quot; eine Version ausgibt und nicht None</translation>
    </message>
    <message>
        <source>Choose a setup with torch 2.6 or later, or install the guide&apos;s setup again with this program</source>
        <translation>Wählen Sie eine Einrichtung mit torch ab 2.6, oder installieren Sie die Einrichtung der Anleitung noch einmal mit diesem Programm</translation>
    </message>
    <message>
        <source>Close other programs that use torch, and set dataset_num_proc and dataloader_num_workers to none</source>
        <translation>Schließen Sie andere Programme, die torch benutzen, und setzen Sie dataset_num_proc auf None und dataloader_num_workers auf 0</translation>
    </message>
    <message>
        <source>Code that Unsloth generated does not work</source>
        <translation>Code, den Unsloth erzeugt hat, läuft nicht</translation>
    </message>
    <message>
        <source>Delete Triton&apos;s cache, the folder .triton in your user folder, after the change</source>
        <translation>Löschen Sie nach dem Wechsel den Cache von Triton, den Ordner .triton in Ihrem Benutzerordner</translation>
    </message>
    <message>
        <source>Delete copies of vcruntime140.dll, vcruntime140_1.dll and msvcp140.dll that lie beside an embedded python.exe</source>
        <translation>Löschen Sie Kopien von vcruntime140.dll, vcruntime140_1.dll und msvcp140.dll, die neben einer eingebetteten python.exe liegen</translation>
    </message>
    <message>
        <source>Delete old copies of vcruntime140.dll, vcruntime140_1.dll and msvcp140.dll beside python.exe</source>
        <translation>Löschen Sie alte Kopien von vcruntime140.dll, vcruntime140_1.dll und msvcp140.dll neben python.exe</translation>
    </message>
    <message>
        <source>Delete the folder unsloth_compiled_cache and run again; if it comes back, install a setup whose unsloth, unsloth_zoo and trl belong together.</source>
        <translation>Löschen Sie den Ordner unsloth_compiled_cache und starten Sie neu; kommt es wieder, installieren Sie eine Einrichtung, deren unsloth, unsloth_zoo und trl zusammengehören.</translation>
    </message>
    <message>
        <source>Delete the folder unsloth_compiled_cache in the folder of the script and in the temporary folder</source>
        <translation>Löschen Sie den Ordner unsloth_compiled_cache im Ordner des Skripts und im temporären Ordner</translation>
    </message>
    <message>
        <source>Do not add packages to an environment that works; make another one</source>
        <translation>Fügen Sie einer Umgebung, die läuft, keine Pakete hinzu; machen Sie eine andere</translation>
    </message>
    <message>
        <source>Do not install from the Git address of the Windows edition: that would build LLVM from source</source>
        <translation>Installieren Sie nicht von der Git-Adresse der Windows-Fassung: Das würde LLVM aus dem Quelltext bauen</translation>
    </message>
    <message>
        <source>Do not install transformers from its main branch</source>
        <translation>Installieren Sie transformers nicht aus seinem Hauptzweig</translation>
    </message>
    <message>
        <source>Do not raise torch alone in this environment: xformers and Triton are tied to it</source>
        <translation>Heben Sie in dieser Umgebung nicht torch allein an: xformers und Triton sind daran gebunden</translation>
    </message>
    <message>
        <source>Each torch release works with one line of Triton. The installed one is older or newer and lacks what is asked of it.</source>
        <translation>Jede Ausgabe von torch läuft mit einer Reihe von Triton. Die installierte Version ist älter oder neuer, und ihr fehlt, was von ihr verlangt wird.</translation>
    </message>
    <message>
        <source>Environments of this program are started without a stray CC</source>
        <translation>Umgebungen dieses Programms werden ohne ein verirrtes CC gestartet</translation>
    </message>
    <message>
        <source>Every torchvision is compiled for exactly one torch. These two are not a published pair, so its operations cannot be registered.</source>
        <translation>Jedes torchvision ist für genau ein torch übersetzt. Diese beiden sind kein veröffentlichtes Paar, daher lassen sich seine Operationen nicht registrieren.</translation>
    </message>
    <message>
        <source>For another torch take the xformers release that names it; a wrong one replaces torch or cannot be loaded</source>
        <translation>Für ein anderes torch nehmen Sie die Ausgabe von xformers, die es nennt; eine falsche ersetzt torch oder lässt sich nicht laden</translation>
    </message>
    <message>
        <source>For torch 2.4.0+cu121 by hand: pip install --no-deps xformers==0.0.27.post2</source>
        <translation>Von Hand für torch 2.4.0+cu121: pip install --no-deps xformers==0.0.27.post2</translation>
    </message>
    <message>
        <source>Give the folder with --index-url https://download.pytorch.org/whl/cu128</source>
        <translation>Geben Sie den Ordner mit --index-url https://download.pytorch.org/whl/cu128 an</translation>
    </message>
    <message>
        <source>If CC is not set: exclude the environment&apos;s folder and Triton&apos;s cache from the virus scanner</source>
        <translation>Ist CC nicht gesetzt: Nehmen Sie den Ordner der Umgebung und den Cache von Triton vom Virenscanner aus</translation>
    </message>
    <message>
        <source>If it stays, install the setup again with this program</source>
        <translation>Bleibt es, installieren Sie die Einrichtung noch einmal mit diesem Programm</translation>
    </message>
    <message>
        <source>If two packages must be together, loosen the pin that the message names</source>
        <translation>Müssen zwei Pakete zusammen sein, lockern Sie die Festschreibung, die die Meldung nennt</translation>
    </message>
    <message>
        <source>In a conda environment: remove the second copy (conda remove intel-openmp, or install numpy with pip too)</source>
        <translation>In einer conda-Umgebung: Entfernen Sie die zweite Kopie (conda remove intel-openmp, oder installieren Sie auch numpy mit pip)</translation>
    </message>
    <message>
        <source>In a console: set CC= (PowerShell: Remove-Item Env:CC), then start again</source>
        <translation>In einer Konsole: set CC= (PowerShell: Remove-Item Env:CC), dann noch einmal starten</translation>
    </message>
    <message>
        <source>Install a setup of this program (it pins protobuf), or put protobuf below 4: pip install &quot;protobuf&lt;3.21&quot;.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms (sie schreibt protobuf fest), oder setzen Sie protobuf auf eine Version unter 4: pip install &quot;protobuf&lt;3.21&quot;.</translation>
    </message>
    <message>
        <source>Install a setup of this program into its own environment: its versions were resolved together and are pinned.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms in ihre eigene Umgebung: Ihre Versionen wurden gemeinsam aufgelöst und sind festgeschrieben.</translation>
    </message>
    <message>
        <source>Install a setup of this program, which pins torch and Triton as a pair.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms, die torch und Triton als Paar festschreibt.</translation>
    </message>
    <message>
        <source>Install a setup of this program, which pins torch and xformers as a pair.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms, die torch und xformers als Paar festschreibt.</translation>
    </message>
    <message>
        <source>Install a setup of this program: it holds the Triton that belongs to its torch.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms: Sie enthält das Triton, das zu ihrem torch gehört.</translation>
    </message>
    <message>
        <source>Install a setup of this program: it takes torch from a CUDA folder of the PyTorch index and checks afterwards that it sees the card.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms: Sie nimmt torch aus einem CUDA-Ordner des PyTorch-Index und prüft danach, ob es die Karte sieht.</translation>
    </message>
    <message>
        <source>Install a setup of this program: its Triton brings a small compiler, so no Visual Studio is needed.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms: Ihr Triton bringt einen kleinen Compiler mit, daher ist kein Visual Studio nötig.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it brings the xformers that belongs to its torch.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie bringt das xformers mit, das zu ihrem torch gehört.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it pins a peft and a transformers that were tried together.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie schreibt ein peft und ein transformers fest, die zusammen erprobt wurden.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it pins the transformers that belongs to its Unsloth.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie schreibt das transformers fest, das zu ihrem Unsloth gehört.</translation>
    </message>
    <message>
        <source>Install a setup of this program; it pins unsloth and unsloth_zoo as a pair.</source>
        <translation>Installieren Sie eine Einrichtung dieses Programms; sie schreibt unsloth und unsloth_zoo als Paar fest.</translation>
    </message>
    <message>
        <source>Install both in one command from one folder of the PyTorch index</source>
        <translation>Installieren Sie beide mit einem Befehl aus einem Ordner des PyTorch-Index</translation>
    </message>
    <message>
        <source>Install it from a CUDA folder, for example: pip install torch==2.8.0 torchvision==0.23.0 --index-url https://download.pytorch.org/whl/cu128</source>
        <translation>Installieren Sie es aus einem CUDA-Ordner, zum Beispiel: pip install torch==2.8.0 torchvision==0.23.0 --index-url https://download.pytorch.org/whl/cu128</translation>
    </message>
    <message>
        <source>Install the current Visual C++ Redistributable for x64 from Microsoft, then try again.</source>
        <translation>Installieren Sie das aktuelle Visual C++ Redistributable für x64 von Microsoft und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Install the current Visual C++ Redistributable for x64 from Microsoft, then try the step again.</source>
        <translation>Installieren Sie das aktuelle Visual C++ Redistributable für x64 von Microsoft und versuchen Sie den Schritt dann noch einmal.</translation>
    </message>
    <message>
        <source>Install the setup again with this program</source>
        <translation>Installieren Sie die Einrichtung noch einmal mit diesem Programm</translation>
    </message>
    <message>
        <source>Install the setup that this program recommends for the card</source>
        <translation>Installieren Sie die Einrichtung, die dieses Programm für die Karte empfiehlt</translation>
    </message>
    <message>
        <source>Install the torchvision that belongs to your torch from the same folder, for example for torch 2.8.0: pip install torchvision==0.23.0 --index-url https://download.pytorch.org/whl/cu128</source>
        <translation>Installieren Sie das torchvision, das zu Ihrem torch gehört, aus demselben Ordner, zum Beispiel für torch 2.8.0: pip install torchvision==0.23.0 --index-url https://download.pytorch.org/whl/cu128</translation>
    </message>
    <message>
        <source>Install torchvision from the same CUDA folder as torch; a setup of this program holds such a pair.</source>
        <translation>Installieren Sie torchvision aus demselben CUDA-Ordner wie torch; eine Einrichtung dieses Programms enthält ein solches Paar.</translation>
    </message>
    <message>
        <source>Install xformers after torch and with --no-deps, so that it does not replace torch</source>
        <translation>Installieren Sie xformers nach torch und mit --no-deps, damit es torch nicht ersetzt</translation>
    </message>
    <message>
        <source>KMP_DUPLICATE_LIB_OK=TRUE lets it run on, but results can be wrong: only as a stopgap</source>
        <translation>KMP_DUPLICATE_LIB_OK=TRUE lässt es weiterlaufen, aber Ergebnisse können falsch sein: nur als Notbehelf</translation>
    </message>
    <message>
        <source>Linux: install gcc (Ubuntu: sudo apt install build-essential)</source>
        <translation>Linux: Installieren Sie gcc (Ubuntu: sudo apt install build-essential)</translation>
    </message>
    <message>
        <source>Linux: install the development package (Ubuntu: sudo apt install python3-dev, with the right version)</source>
        <translation>Linux: Installieren Sie das Entwicklungspaket (Ubuntu: sudo apt install python3-dev, in der richtigen Version)</translation>
    </message>
    <message>
        <source>Look whether the working folder holds a file torch.py or a folder torch, and rename it</source>
        <translation>Sehen Sie nach, ob der Arbeitsordner eine Datei torch.py oder einen Ordner torch enthält, und benennen Sie ihn um</translation>
    </message>
    <message>
        <source>Make the environment again; the new one is checked before the old one is left.</source>
        <translation>Machen Sie die Umgebung neu; die neue wird geprüft, bevor die alte verlassen wird.</translation>
    </message>
    <message>
        <source>NumPy 2 changed how compiled modules talk to it. A package in this environment was built for NumPy 1 and cannot use the installed one.</source>
        <translation>NumPy 2 hat geändert, wie übersetzte Module mit ihm sprechen. Ein Paket in dieser Umgebung wurde für NumPy 1 gebaut und kann das installierte nicht benutzen.</translation>
    </message>
    <message>
        <source>NumPy 2 meets modules that were built for NumPy 1</source>
        <translation>NumPy 2 trifft auf Module, die für NumPy 1 gebaut wurden</translation>
    </message>
    <message>
        <source>On Linux torch names its Triton itself: pip install --force-reinstall --no-deps triton==VERSION</source>
        <translation>Unter Linux nennt torch sein Triton selbst: pip install --force-reinstall --no-deps triton==VERSION</translation>
    </message>
    <message>
        <source>Open https://aka.ms/vs/17/release/vc_redist.x64.exe and run it</source>
        <translation>Öffnen Sie https://aka.ms/vs/17/release/vc_redist.x64.exe und führen Sie es aus</translation>
    </message>
    <message>
        <source>Open https://aka.ms/vs/17/release/vc_redist.x64.exe and run it (it asks for an administrator)</source>
        <translation>Öffnen Sie https://aka.ms/vs/17/release/vc_redist.x64.exe und führen Sie es aus (es verlangt einen Administrator)</translation>
    </message>
    <message>
        <source>Or install the C++ Build Tools of Visual Studio and start from the x64 Native Tools command prompt</source>
        <translation>Oder installieren Sie die C++ Build Tools von Visual Studio und starten Sie aus der Eingabeaufforderung x64 Native Tools</translation>
    </message>
    <message>
        <source>Or upgrade the package that brings the generated code</source>
        <translation>Oder aktualisieren Sie das Paket, das den erzeugten Code mitbringt</translation>
    </message>
    <message>
        <source>Or upgrade the package that the message names to a build for NumPy 2</source>
        <translation>Oder heben Sie das Paket, das die Meldung nennt, auf eine für NumPy 2 gebaute Ausgabe</translation>
    </message>
    <message>
        <source>Otherwise install torch afresh in a new environment; do not mix it into the old one</source>
        <translation>Sonst installieren Sie torch neu in eine neue Umgebung; mischen Sie es nicht in die alte</translation>
    </message>
    <message>
        <source>Pairs on Windows (triton-windows): torch 2.4 and 2.5 with 3.1, 2.6 with 3.2, 2.7 with 3.3, 2.8 with 3.4, 2.9 with 3.5, 2.10 and 2.11 with 3.6, 2.12 and 2.13 with 3.7</source>
        <translation>Paare unter Windows (triton-windows): torch 2.4 und 2.5 mit 3.1, 2.6 mit 3.2, 2.7 mit 3.3, 2.8 mit 3.4, 2.9 mit 3.5, 2.10 und 2.11 mit 3.6, 2.12 und 2.13 mit 3.7</translation>
    </message>
    <message>
        <source>Pairs: torch 2.4.0 and torchvision 0.19.0, 2.6.0 and 0.21.0, 2.8.0 and 0.23.0</source>
        <translation>Paare: torch 2.4.0 und torchvision 0.19.0, 2.6.0 und 0.21.0, 2.8.0 und 0.23.0</translation>
    </message>
    <message>
        <source>Pairs: torch 2.4.0 and xformers 0.0.27.post2, torch 2.8.0 and xformers 0.0.32.post2</source>
        <translation>Paare: torch 2.4.0 und xformers 0.0.27.post2, torch 2.8.0 und xformers 0.0.32.post2</translation>
    </message>
    <message>
        <source>Pascal and older: no setup trains on them with Unsloth; the practice setup runs on the processor</source>
        <translation>Pascal und älter: Keine Einrichtung trainiert darauf mit Unsloth; die Übungseinrichtung läuft auf dem Prozessor</translation>
    </message>
    <message>
        <source>Portable programs: copy the folders include and libs of a full Python of exactly the same version beside the embedded python.exe</source>
        <translation>Portable Programme: Kopieren Sie die Ordner include und libs eines vollständigen Python genau derselben Version neben die eingebettete python.exe</translation>
    </message>
    <message>
        <source>Remove torch from the environment: pip uninstall torch torchvision torchaudio</source>
        <translation>Entfernen Sie torch aus der Umgebung: pip uninstall torch torchvision torchaudio</translation>
    </message>
    <message>
        <source>Requirements that exclude each other</source>
        <translation>Anforderungen, die einander ausschließen</translation>
    </message>
    <message>
        <source>Set TORCHDYNAMO_DISABLE=1 (or UNSLOTH_COMPILE_DISABLE=1) before the script starts</source>
        <translation>Setzen Sie TORCHDYNAMO_DISABLE=1 (oder UNSLOTH_COMPILE_DISABLE=1), bevor das Skript startet</translation>
    </message>
    <message>
        <source>Settings, System, About, Advanced system settings, Performance, Advanced, Virtual memory: tick automatic management</source>
        <translation>Einstellungen, System, Info, Erweiterte Systemeinstellungen, Leistung, Erweitert, Virtueller Arbeitsspeicher: Haken bei der automatischen Verwaltung setzen</translation>
    </message>
    <message>
        <source>Switch compilation off for the run, or take a setup with a newer torch.</source>
        <translation>Schalten Sie das Übersetzen für den Lauf aus, oder nehmen Sie eine Einrichtung mit neuerem torch.</translation>
    </message>
    <message>
        <source>Take a setup whose torch and CUDA folder are published together.</source>
        <translation>Nehmen Sie eine Einrichtung, deren torch und CUDA-Ordner zusammen veröffentlicht sind.</translation>
    </message>
    <message>
        <source>Take a setup whose torch, transformers and Unsloth were resolved and tried together.</source>
        <translation>Nehmen Sie eine Einrichtung, deren torch, transformers und Unsloth gemeinsam aufgelöst und erprobt wurden.</translation>
    </message>
    <message>
        <source>Take an older setup that still includes the card: torch 2.6.0 for CUDA 12.4 serves Volta and Turing. Unsloth itself needs compute capability 7.0 or higher.</source>
        <translation>Nehmen Sie eine ältere Einrichtung, die die Karte noch einschließt: torch 2.6.0 für CUDA 12.4 bedient Volta und Turing. Unsloth selbst braucht Compute Capability 7.0 oder höher.</translation>
    </message>
    <message>
        <source>Take the setup for this generation of cards: RTX 50 needs Triton 3.3 or later with torch 2.7 or later; Volta and Turing want Triton 3.2 with torch 2.6.</source>
        <translation>Nehmen Sie die Einrichtung für diese Kartengeneration: RTX 50 braucht Triton ab 3.3 mit torch ab 2.7; Volta und Turing wollen Triton 3.2 mit torch 2.6.</translation>
    </message>
    <message>
        <source>Take the setup with torch 2.8.0 for CUDA 12.8 (cards up to RTX 50), or the newest one.</source>
        <translation>Nehmen Sie die Einrichtung mit torch 2.8.0 für CUDA 12.8 (Karten bis RTX 50) oder die neueste.</translation>
    </message>
    <message>
        <source>Take the starter script of the page Ready: it is written for the trl of the installed setup.</source>
        <translation>Nehmen Sie das Startskript der Seite Bereit: Es ist für das trl der installierten Einrichtung geschrieben.</translation>
    </message>
    <message>
        <source>The Visual C++ runtime is missing, too old or shadowed</source>
        <translation>Die Visual-C++-Laufzeit fehlt, ist zu alt oder verdeckt</translation>
    </message>
    <message>
        <source>The address that was given for torch has no such version: each CUDA folder of the PyTorch index holds only some releases, and the default index has none with a CUDA suffix.</source>
        <translation>Die für torch angegebene Adresse hat keine solche Version: Jeder CUDA-Ordner des PyTorch-Index enthält nur manche Ausgaben, und der voreingestellte Index hat keine mit CUDA-Zusatz.</translation>
    </message>
    <message>
        <source>The card is newer than the installed torch. Its kernels end at an older generation, so the first computation on the card fails. GeForce RTX 50 cards need torch 2.7 or later built for CUDA 12.8 or later.</source>
        <translation>Die Karte ist neuer als das installierte torch. Dessen Kernel enden bei einer älteren Generation, daher scheitert die erste Rechnung auf der Karte. GeForce RTX 50 braucht torch ab 2.7, gebaut für CUDA ab 12.8.</translation>
    </message>
    <message>
        <source>The compiler that Triton starts is denied</source>
        <translation>Der Compiler, den Triton startet, wird verweigert</translation>
    </message>
    <message>
        <source>The installed torch was built for the processor only, so it cannot see any NVIDIA card. On Windows this is what the default index gives when no CUDA index was named.</source>
        <translation>Das installierte torch wurde nur für den Prozessor gebaut und kann daher keine NVIDIA-Karte sehen. Unter Windows liefert der voreingestellte Index genau das, wenn kein CUDA-Index genannt wurde.</translation>
    </message>
    <message>
        <source>The named wheel folder does not exist or does not hold this torch</source>
        <translation>Der genannte Paketordner ist nicht vorhanden oder enthält dieses torch nicht</translation>
    </message>
    <message>
        <source>Then install the setup that this program recommends for the card</source>
        <translation>Installieren Sie dann die Einrichtung, die dieses Programm für die Karte empfiehlt</translation>
    </message>
    <message>
        <source>This part of torch.compile writes C++ and wants Microsoft&apos;s compiler. It was not found in the console from which the program was started.</source>
        <translation>Dieser Teil von torch.compile schreibt C++ und will den Compiler von Microsoft. In der Konsole, aus der das Programm gestartet wurde, war er nicht zu finden.</translation>
    </message>
    <message>
        <source>This program adds the missing file from another copy inside the wheel when it installs the torch 2.4.0 setups. A setup with a newer torch does not have the fault at all.</source>
        <translation>Dieses Programm ergänzt die fehlende Datei aus einer anderen Kopie im Paket, wenn es die Einrichtungen mit torch 2.4.0 installiert. Eine Einrichtung mit neuerem torch hat den Fehler gar nicht.</translation>
    </message>
    <message>
        <source>This torch has no kernels for the newer card</source>
        <translation>Dieses torch hat keine Kernel für die neuere Karte</translation>
    </message>
    <message>
        <source>This torch is too old for a package beside it</source>
        <translation>Dieses torch ist zu alt für ein Paket daneben</translation>
    </message>
    <message>
        <source>This torch no longer has kernels for the older card</source>
        <translation>Dieses torch hat keine Kernel mehr für die ältere Karte</translation>
    </message>
    <message>
        <source>Train without torch.compile (Unsloth does not need it), or start from a console with Microsoft&apos;s compiler.</source>
        <translation>Trainieren Sie ohne torch.compile (Unsloth braucht es nicht), oder starten Sie aus einer Konsole mit dem Compiler von Microsoft.</translation>
    </message>
    <message>
        <source>Triton cannot compile: Python&apos;s headers or libraries are missing</source>
        <translation>Triton kann nicht übersetzen: Header oder Bibliotheken von Python fehlen</translation>
    </message>
    <message>
        <source>Triton compiles a small launcher on its first use and found no compiler. Newer Windows editions bring one (3.1.0.post17, and 3.2.0.post13 and later).</source>
        <translation>Triton übersetzt beim ersten Gebrauch ein kleines Startprogramm und fand keinen Compiler. Neuere Windows-Fassungen bringen einen mit (3.1.0.post17 und ab 3.2.0.post13).</translation>
    </message>
    <message>
        <source>Triton compiles a small module and needs the include and libs folders of the same Python. The embeddable Python of portable programs has neither; on Linux the development package may be missing.</source>
        <translation>Triton übersetzt ein kleines Modul und braucht die Ordner include und libs desselben Python. Das einbettbare Python portabler Programme hat keinen davon; unter Linux fehlt womöglich das Entwicklungspaket.</translation>
    </message>
    <message>
        <source>Triton compiles for the card with its own LLVM and ptxas. These are older than the card, or the card is older than Triton supports (capability 7.0; from Triton 3.3 on 8.0 in practice).</source>
        <translation>Triton übersetzt für die Karte mit eigenem LLVM und ptxas. Diese sind älter als die Karte, oder die Karte ist älter, als Triton unterstützt (Capability 7.0; ab Triton 3.3 praktisch 8.0).</translation>
    </message>
    <message>
        <source>Triton does not know this card</source>
        <translation>Triton kennt diese Karte nicht</translation>
    </message>
    <message>
        <source>Triton finds no C compiler</source>
        <translation>Triton findet keinen C-Compiler</translation>
    </message>
    <message>
        <source>Triton is not installed</source>
        <translation>Triton ist nicht installiert</translation>
    </message>
    <message>
        <source>Triton&apos;s library cannot be loaded</source>
        <translation>Die Bibliothek von Triton lässt sich nicht laden</translation>
    </message>
    <message>
        <source>Triton&apos;s version does not fit torch or Unsloth</source>
        <translation>Die Version von Triton passt nicht zu torch oder Unsloth</translation>
    </message>
    <message>
        <source>Try this step again</source>
        <translation>Versuchen Sie diesen Schritt noch einmal</translation>
    </message>
    <message>
        <source>Two OpenMP runtimes in one process</source>
        <translation>Zwei OpenMP-Laufzeiten in einem Prozess</translation>
    </message>
    <message>
        <source>Two packages ask for versions of a third that cannot both be true, so no set of versions fits.</source>
        <translation>Zwei Pakete verlangen von einem dritten Versionen, die nicht zugleich gelten können; kein Satz von Versionen passt daher.</translation>
    </message>
    <message>
        <source>Two packages each brought their own copy of the OpenMP library (libiomp5md.dll or libomp.dll), and both were loaded. This is typical for conda environments with packages added by pip.</source>
        <translation>Zwei Pakete brachten je ihre eigene Kopie der OpenMP-Bibliothek mit (libiomp5md.dll oder libomp.dll), und beide wurden geladen. Das ist typisch für conda-Umgebungen mit Paketen, die pip hinzugefügt hat.</translation>
    </message>
    <message>
        <source>Unset the variable CC, or let it name the compiler&apos;s own file; allow it in the virus scanner.</source>
        <translation>Löschen Sie die Variable CC, oder lassen Sie sie die Compilerdatei selbst nennen; erlauben Sie diese im Virenscanner.</translation>
    </message>
    <message>
        <source>Unsloth 2024.9.post4 wants transformers below 4.45.0; newer lines name their range in their metadata</source>
        <translation>Unsloth 2024.9.post4 will transformers unter 4.45.0; neuere Reihen nennen ihren Bereich in ihren Angaben</translation>
    </message>
    <message>
        <source>Unsloth 2024.9.x needs no unsloth_zoo at all: its first release is 2024.10.0</source>
        <translation>Unsloth 2024.9.x braucht gar kein unsloth_zoo: Dessen erste Ausgabe ist 2024.10.0</translation>
    </message>
    <message>
        <source>Unsloth and torch.compile need Triton. On Windows the package named triton has no files; its Windows edition is called triton-windows.</source>
        <translation>Unsloth und torch.compile brauchen Triton. Unter Windows hat das Paket namens triton keine Dateien; seine Windows-Fassung heißt triton-windows.</translation>
    </message>
    <message>
        <source>Unsloth patches the inside of transformers and fits only a range of its releases. The installed one lies outside, or is too old for this model.</source>
        <translation>Unsloth ändert das Innere von transformers und passt nur zu einem Bereich seiner Ausgaben. Die installierte liegt außerhalb oder ist für dieses Modell zu alt.</translation>
    </message>
    <message>
        <source>Unsloth writes trainers and model code into the folder unsloth_compiled_cache, made from the installed trl and transformers. Either that cache is from other versions, or these versions do not fit.</source>
        <translation>Unsloth schreibt Trainer und Modellcode in den Ordner unsloth_compiled_cache, gemacht aus dem installierten trl und transformers. Entweder stammt dieser Cache von anderen Versionen, oder diese Versionen passen nicht zusammen.</translation>
    </message>
    <message>
        <source>Update the driver first: CUDA 12.8 needs 570.65 on Windows</source>
        <translation>Aktualisieren Sie zuerst den Treiber: CUDA 12.8 braucht unter Windows 570.65</translation>
    </message>
    <message>
        <source>Use a published pair of torch and torchvision; a setup of this program holds one.</source>
        <translation>Benutzen Sie ein veröffentlichtes Paar aus torch und torchvision; eine Einrichtung dieses Programms enthält eines.</translation>
    </message>
    <message>
        <source>Use an environment of this program, whose NumPy fits everything in it, or put NumPy below 2.</source>
        <translation>Benutzen Sie eine Umgebung dieses Programms, deren NumPy zu allem darin passt, oder setzen Sie NumPy auf eine Version unter 2.</translation>
    </message>
    <message>
        <source>Use an environment of this program: its Python brings headers and libraries.</source>
        <translation>Benutzen Sie eine Umgebung dieses Programms: Ihr Python bringt Header und Bibliotheken mit.</translation>
    </message>
    <message>
        <source>Use an environment that this program makes: it has one OpenMP runtime only.</source>
        <translation>Benutzen Sie eine Umgebung, die dieses Programm anlegt: Sie hat nur eine OpenMP-Laufzeit.</translation>
    </message>
    <message>
        <source>Volta and Turing (capability 7.0 and 7.5): the setup torch26-2025.3</source>
        <translation>Volta und Turing (Capability 7.0 und 7.5): die Einrichtung torch26-2025.3</translation>
    </message>
    <message>
        <source>Windows cannot reserve memory for torch&apos;s DLLs (error 1455)</source>
        <translation>Windows kann für die DLLs von torch keinen Speicher reservieren (Fehler 1455)</translation>
    </message>
    <message>
        <source>Windows refused to start the program that Triton takes for a compiler. Often the variable CC names a folder, or a scanner blocks the file.</source>
        <translation>Windows ließ das Programm nicht starten, das Triton für einen Compiler hält. Oft nennt die Variable CC einen Ordner, oder ein Scanner sperrt die Datei.</translation>
    </message>
    <message>
        <source>Windows, torch 2.4 or 2.5: pip install triton-windows==3.1.0.post17 setuptools</source>
        <translation>Windows, torch 2.4 oder 2.5: pip install triton-windows==3.1.0.post17 setuptools</translation>
    </message>
    <message>
        <source>Windows, torch 2.8: pip install &quot;triton-windows&gt;=3.4,&lt;3.5&quot;</source>
        <translation>Windows, torch 2.8: pip install &quot;triton-windows&gt;=3.4,&lt;3.5&quot;</translation>
    </message>
    <message>
        <source>Windows: pip install triton-windows==3.1.0.post17 (torch 2.4 or 2.5) or 3.2.0.post13 and later (torch 2.6 and up)</source>
        <translation>Windows: pip install triton-windows==3.1.0.post17 (torch 2.4 oder 2.5) oder ab 3.2.0.post13 (torch ab 2.6)</translation>
    </message>
    <message>
        <source>libtriton needs a current Visual C++ runtime. Windows has none or an old one, or an old copy lies beside python.exe.</source>
        <translation>libtriton braucht eine aktuelle Visual-C++-Laufzeit. Windows hat keine oder eine alte, oder eine alte Kopie liegt neben python.exe.</translation>
    </message>
    <message>
        <source>peft 0.13.2 fits transformers 4.4x; peft from 0.18 is needed for transformers 5</source>
        <translation>peft 0.13.2 passt zu transformers 4.4x; für transformers 5 ist peft ab 0.18 nötig</translation>
    </message>
    <message>
        <source>peft and transformers do not fit</source>
        <translation>peft und transformers passen nicht zusammen</translation>
    </message>
    <message>
        <source>peft imports parts of transformers that this release does not have yet, or no longer has.</source>
        <translation>peft importiert Teile von transformers, die diese Ausgabe noch nicht oder nicht mehr hat.</translation>
    </message>
    <message>
        <source>pip install &quot;numpy&lt;2&quot;</source>
        <translation>pip install &quot;numpy&lt;2&quot;</translation>
    </message>
    <message>
        <source>pip uninstall torchvision</source>
        <translation>pip uninstall torchvision</translation>
    </message>
    <message>
        <source>protobuf is newer than the code generated for it</source>
        <translation>protobuf ist neuer als der dafür erzeugte Code</translation>
    </message>
    <message>
        <source>torch 2.4.0 for Windows lacks an OpenMP file (libomp140.x86_64.dll)</source>
        <translation>torch 2.4.0 für Windows fehlt eine OpenMP-Datei (libomp140.x86_64.dll)</translation>
    </message>
    <message>
        <source>torch 2.4.0 for Windows loads fbgemm.dll, which needs libomp140.x86_64.dll. The wheel does not bring that file, so torch starts only on PCs that have it from Visual Studio. torch 2.4.1 and later do not need it.</source>
        <translation>torch 2.4.0 für Windows lädt fbgemm.dll, und die braucht libomp140.x86_64.dll. Das Paket bringt diese Datei nicht mit, daher startet torch nur auf PCs, die sie von Visual Studio haben. torch ab 2.4.1 braucht sie nicht.</translation>
    </message>
    <message>
        <source>torch 2.4.0 has the folders cu118, cu121 and cu124; 2.6.0 has cu118, cu124 and cu126; 2.8.0 has cu126, cu128 and cu129; 2.12.1 has cu126, cu130 and cu132</source>
        <translation>torch 2.4.0 hat die Ordner cu118, cu121 und cu124; 2.6.0 hat cu118, cu124 und cu126; 2.8.0 hat cu126, cu128 und cu129; 2.12.1 hat cu126, cu130 und cu132</translation>
    </message>
    <message>
        <source>torch can use the card, torchvision cannot: it was installed from another index as its CPU build, so its own operations have no CUDA kernels.</source>
        <translation>torch kann die Karte benutzen, torchvision nicht: Es kam als CPU-Fassung aus einem anderen Index, daher haben seine eigenen Operationen keine CUDA-Kernel.</translation>
    </message>
    <message>
        <source>torch is damaged, half installed or hidden by another file</source>
        <translation>torch ist beschädigt, halb installiert oder von einer anderen Datei verdeckt</translation>
    </message>
    <message>
        <source>torch is its CPU build</source>
        <translation>torch ist die CPU-Fassung</translation>
    </message>
    <message>
        <source>torch&apos;s DLLs need a current Visual C++ runtime. Windows found none, an old one, or an old copy that lies beside python.exe and hides the right one.</source>
        <translation>Die DLLs von torch brauchen eine aktuelle Visual-C++-Laufzeit. Windows fand keine, eine alte oder eine alte Kopie, die neben python.exe liegt und die richtige verdeckt.</translation>
    </message>
    <message>
        <source>torch.compile does something that Windows cannot</source>
        <translation>torch.compile tut etwas, das Windows nicht kann</translation>
    </message>
    <message>
        <source>torch.compile needs the compiler cl.exe</source>
        <translation>torch.compile braucht den Compiler cl.exe</translation>
    </message>
    <message>
        <source>torchvision does not belong to the installed torch</source>
        <translation>torchvision gehört nicht zum installierten torch</translation>
    </message>
    <message>
        <source>torchvision is its CPU build beside a CUDA torch</source>
        <translation>torchvision ist die CPU-Fassung neben einem torch mit CUDA</translation>
    </message>
    <message>
        <source>transformers does not fit the packages beside it</source>
        <translation>transformers passt nicht zu den Paketen daneben</translation>
    </message>
    <message>
        <source>trl 0.11: SFTTrainer(tokenizer=…, max_seq_length=…) or the same in SFTConfig</source>
        <translation>trl 0.11: SFTTrainer(tokenizer=…, max_seq_length=…) oder dasselbe in SFTConfig</translation>
    </message>
    <message>
        <source>trl changed its arguments</source>
        <translation>trl hat seine Argumente geändert</translation>
    </message>
    <message>
        <source>unsloth and unsloth_zoo are released together, and one of them was changed alone or is missing.</source>
        <translation>unsloth und unsloth_zoo erscheinen gemeinsam, und eines davon wurde allein geändert oder fehlt.</translation>
    </message>
    <message>
        <source>unsloth_zoo does not belong to this unsloth</source>
        <translation>unsloth_zoo gehört nicht zu diesem unsloth</translation>
    </message>
    <message>
        <source>xformers is not installed</source>
        <translation>xformers ist nicht installiert</translation>
    </message>
    <message>
        <source>xformers was built for another torch</source>
        <translation>xformers wurde für ein anderes torch gebaut</translation>
    </message>
    <message>
        <source>(nothing about libomp140)</source>
        <translation>(nichts über libomp140)</translation>
    </message>
    <message>
        <source>(nothing about setuptools)</source>
        <translation>(nichts über setuptools)</translation>
    </message>
    <message>
        <source>2024.9.post3 and post4 have none: the guide&apos;s check crashes on a good installation. It also catches ImportError only, while a missing driver raises RuntimeError.</source>
        <translation>2024.9.post3 und post4 haben keines: Die Prüfung der Anleitung stürzt bei einer guten Installation ab. Außerdem fängt sie nur ImportError ab, während ein fehlender Treiber RuntimeError auslöst.</translation>
    </message>
    <message>
        <source>2024.9.post3 is the most stable version.</source>
        <translation>2024.9.post3 ist die stabilste Version.</translation>
    </message>
    <message>
        <source>7B in 4 bits at batch 2 and 1024 tokens takes 18-22 GB.</source>
        <translation>7B in 4 Bit bei Batch 2 und 1024 Token braucht 18-22 GB.</translation>
    </message>
    <message>
        <source>90100 with PyTorch 2.4.0+cu121.</source>
        <translation>90100 mit PyTorch 2.4.0+cu121.</translation>
    </message>
    <message>
        <source>Any Python 3.11 will do. python.org&apos;s last one with a Windows installer is 3.11.9; uv provides its own, and nothing is installed system-wide.</source>
        <translation>Jedes Python 3.11 genügt. Das letzte von python.org mit Windows-Installationsprogramm ist 3.11.9; uv bringt sein eigenes mit, und nichts wird systemweit installiert.</translation>
    </message>
    <message>
        <source>Any prompt will do, or none.</source>
        <translation>Jede Eingabeaufforderung genügt, oder gar keine.</translation>
    </message>
    <message>
        <source>Arithmetic; the script was run on an 80 GB card and prints 85.02.</source>
        <translation>Rechnung; das Skript wurde auf einer Karte mit 80 GB ausgeführt und gibt 85.02 aus.</translation>
    </message>
    <message>
        <source>AttributeError: module &apos;torch&apos; has no attribute &apos;amp&apos; means another PyTorch version; force a reinstall.</source>
        <translation>AttributeError: module &apos;torch&apos; has no attribute &apos;amp&apos; bedeutet eine andere PyTorch-Version; erzwingen Sie eine Neuinstallation.</translation>
    </message>
    <message>
        <source>Both were run.</source>
        <translation>Beide wurden ausgeführt.</translation>
    </message>
    <message>
        <source>Both wheels&apos; metadata and sources were compared.</source>
        <translation>Die Angaben und Quelltexte beider Pakete wurden verglichen.</translation>
    </message>
    <message>
        <source>CUDA Toolkit 12.1 must be installed; check with nvcc --version.</source>
        <translation>Das CUDA-Toolkit 12.1 muss installiert sein; prüfen Sie es mit nvcc --version.</translation>
    </message>
    <message>
        <source>Every profile has an environment of its own; nothing outside it is changed.</source>
        <translation>Jedes Profil hat seine eigene Umgebung; außerhalb davon wird nichts geändert.</translation>
    </message>
    <message>
        <source>Fallback: Unsloth 2024.8, the first with PyTorch 2.4.0.</source>
        <translation>Ausweichlösung: Unsloth 2024.8, das erste mit PyTorch 2.4.0.</translation>
    </message>
    <message>
        <source>Follows from the compiler that Triton brings.</source>
        <translation>Folgt aus dem Compiler, den Triton mitbringt.</translation>
    </message>
    <message>
        <source>GPU Memory: 24.00 GB</source>
        <translation>GPU Memory: 24.00 GB</translation>
    </message>
    <message>
        <source>It exists since PyTorch 2.0, and 2024.9.post3 imports it.</source>
        <translation>Es gibt es seit PyTorch 2.0, und 2024.9.post3 importiert es.</translation>
    </message>
    <message>
        <source>It was right for datasets 3. From 4.1 on, 1 starts a process; the starter script takes what its profile&apos;s versions need.</source>
        <translation>Das war für datasets 3 richtig. Ab 4.1 startet 1 einen Prozess; das Startskript nimmt, was die Versionen seines Profils brauchen.</translation>
    </message>
    <message>
        <source>Llama-3.2-7B-Instruct</source>
        <translation>Llama-3.2-7B-Instruct</translation>
    </message>
    <message>
        <source>On Windows it cannot be resolved (it asks for triton, which has no Windows wheel). On Linux it takes whatever is newest today: PyTorch 2.15, transformers 5.24, trl 1.16, which it was not written for.</source>
        <translation>Unter Windows lässt es sich nicht auflösen (es verlangt triton, das kein Paket für Windows hat). Unter Linux nimmt es, was heute am neuesten ist: PyTorch 2.15, transformers 5.24, trl 1.16, wofür es nicht geschrieben wurde.</translation>
    </message>
    <message>
        <source>PyTorch 2.4.0 misses security fixes of later years; the profile is for those who need exactly this version.</source>
        <translation>PyTorch 2.4.0 fehlen Sicherheitskorrekturen späterer Jahre; das Profil ist für alle, die genau diese Version brauchen.</translation>
    </message>
    <message>
        <source>PyTorch 2.4.0 on Windows needs libomp140.x86_64.dll and does not bring it: on a clean PC import torch fails with WinError 126. This program puts a copy of the wheel&apos;s own OpenMP beside it, inside the environment.</source>
        <translation>PyTorch 2.4.0 braucht unter Windows libomp140.x86_64.dll und bringt sie nicht mit: Auf einem frischen PC scheitert import torch mit WinError 126. Dieses Programm legt innerhalb der Umgebung eine Kopie der OpenMP-Bibliothek aus dem Paket selbst daneben.</translation>
    </message>
    <message>
        <source>PyTorch 2.4.0 was looked at.</source>
        <translation>PyTorch 2.4.0 wurde angesehen.</translation>
    </message>
    <message>
        <source>PyTorch is not capped, transformers must be 4.45 or newer, bitsandbytes is free; protobuf must be below 4. Only a lock holds the set together.</source>
        <translation>PyTorch ist nicht begrenzt, transformers muss ab 4.45 sein, bitsandbytes ist frei; protobuf muss unter 4 sein. Nur eine Festschreibung hält den Satz zusammen.</translation>
    </message>
    <message>
        <source>PyTorch&apos;s wheels bring CUDA, triton-windows brings ptxas, bitsandbytes its libraries. Only the driver is needed.</source>
        <translation>PyTorchs Pakete bringen CUDA mit, triton-windows bringt ptxas, bitsandbytes seine Bibliotheken. Nur der Treiber ist nötig.</translation>
    </message>
    <message>
        <source>Python 3.11.14</source>
        <translation>Python 3.11.14</translation>
    </message>
    <message>
        <source>Run everything from the MSVC Developer Command Prompt.</source>
        <translation>Führen Sie alles in der MSVC Developer Command Prompt aus.</translation>
    </message>
    <message>
        <source>The 2.4.0 wheel holds torch/_inductor/config.py; both were imported. unsloth/models/_utils.py of post3 imports torch._inductor.utils and torch._inductor.config.</source>
        <translation>Das Paket von 2.4.0 enthält torch/_inductor/config.py; beide wurden importiert. unsloth/models/_utils.py von post3 importiert torch._inductor.utils und torch._inductor.config.</translation>
    </message>
    <message>
        <source>The ampere extra is an optimization for the card.</source>
        <translation>Das Extra ampere ist eine Optimierung für die Karte.</translation>
    </message>
    <message>
        <source>The build was run on Linux.</source>
        <translation>Diese Fassung wurde unter Linux ausgeführt.</translation>
    </message>
    <message>
        <source>The combination was tested on Windows; Windows support came with PR #1753 before this version.</source>
        <translation>Die Zusammenstellung wurde unter Windows geprüft; die Windows-Unterstützung kam mit PR #1753 vor dieser Version.</translation>
    </message>
    <message>
        <source>The extras cu121-torch240 and cu121-ampere-torch240 set Unsloth up on Windows.</source>
        <translation>Die Extras cu121-torch240 und cu121-ampere-torch240 richten Unsloth unter Windows ein.</translation>
    </message>
    <message>
        <source>The import table of fbgemm.dll; PyTorch issue 131662; 2.4.1 mends it.</source>
        <translation>Die Importtabelle von fbgemm.dll; PyTorch-Issue 131662; 2.4.1 behebt es.</translation>
    </message>
    <message>
        <source>The index&apos;s list of releases.</source>
        <translation>Die Liste der Ausgaben auf dem Index.</translation>
    </message>
    <message>
        <source>The lists of python.org and uv.</source>
        <translation>Die Listen von python.org und uv.</translation>
    </message>
    <message>
        <source>The repository has no tag of that name, nor 2024.8 or 2024.9: pip stops at the checkout. The package index has the wheels; they are installed with their hashes, and git is not needed.</source>
        <translation>Das Repository hat kein Tag dieses Namens, auch nicht 2024.8 oder 2024.9: pip hält beim Auschecken an. Der Paketindex hat die Pakete; sie werden mit ihren Prüfsummen installiert, und git ist nicht nötig.</translation>
    </message>
    <message>
        <source>The repository&apos;s tags were listed: September-2024, August-2024 and the like.</source>
        <translation>Die Tags des Repositorys wurden aufgelistet: September-2024, August-2024 und ähnliche.</translation>
    </message>
    <message>
        <source>The script divides by 1e9: 24 GiB are 25.77 GB, less what the driver keeps.</source>
        <translation>Das Skript teilt durch 1e9: 24 GiB sind 25,77 GB, abzüglich dessen, was der Treiber behält.</translation>
    </message>
    <message>
        <source>The script prints unsloth.__version__.</source>
        <translation>Das Skript gibt unsloth.__version__ aus.</translation>
    </message>
    <message>
        <source>The wheel&apos;s metadata.</source>
        <translation>Die Angaben des Pakets.</translation>
    </message>
    <message>
        <source>The wheels&apos; contents.</source>
        <translation>Der Inhalt der Pakete.</translation>
    </message>
    <message>
        <source>There is no such model. Llama 3.2 comes in 1B and 3B for text.</source>
        <translation>Ein solches Modell gibt es nicht. Llama 3.2 gibt es für Text mit 1B und 3B.</translation>
    </message>
    <message>
        <source>There is no such version: unsloth-zoo begins with 2024.10.0, and 2024.9 does not use it.</source>
        <translation>Diese Version gibt es nicht: unsloth-zoo beginnt mit 2024.10.0, und 2024.9 benutzt es nicht.</translation>
    </message>
    <message>
        <source>This configuration is production-ready.</source>
        <translation>Diese Konfiguration ist bereit für den Produktivbetrieb.</translation>
    </message>
    <message>
        <source>Triton for Windows brings its own small compiler. Only the Visual C++ runtime is needed. Building llama.cpp or flash-attn is another matter.</source>
        <translation>Triton für Windows bringt seinen eigenen kleinen Compiler mit. Nur die Visual-C++-Laufzeit ist nötig. llama.cpp oder flash-attn zu bauen, ist etwas anderes.</translation>
    </message>
    <message>
        <source>Triton of that time imports setuptools without asking for it; without it import unsloth fails in a fresh environment. It is in the locks.</source>
        <translation>Das Triton jener Zeit importiert setuptools, ohne es zu verlangen; fehlt es, scheitert import unsloth in einer frischen Umgebung. Es ist in den Festschreibungen enthalten.</translation>
    </message>
    <message>
        <source>Unsloth 2025.11.3 fails with PyTorch 2.4.0 because of torch._inductor.config.</source>
        <translation>Unsloth 2025.11.3 scheitert mit PyTorch 2.4.0 wegen torch._inductor.config.</translation>
    </message>
    <message>
        <source>Unsloth&apos;s list of models.</source>
        <translation>Die Modellliste von Unsloth.</translation>
    </message>
    <message>
        <source>Visual Studio&apos;s C++ workload, the Windows SDK and CMake are required.</source>
        <translation>Die C++-Workload von Visual Studio, das Windows SDK und CMake sind nötig.</translation>
    </message>
    <message>
        <source>Without quotes the shell breaks it into three; with them pip would build Triton from source, from a repository that is archived. triton-windows is on the index.</source>
        <translation>Ohne Anführungszeichen zerlegt die Shell es in drei Teile; mit ihnen würde pip Triton aus dem Quelltext bauen, aus einem archivierten Repository. triton-windows liegt auf dem Index.</translation>
    </message>
    <message>
        <source>antivirus blocked</source>
        <translation>Ein Virenscanner oder eine Richtlinie hat eine Datei gesperrt</translation>
    </message>
    <message>
        <source>bf16 unsupported</source>
        <translation>bf16 auf einer Karte, die es nicht kann</translation>
    </message>
    <message>
        <source>bnb cpu fallback</source>
        <translation>bitsandbytes hat seine Bibliothek für den Prozessor geladen</translation>
    </message>
    <message>
        <source>bnb linux only build</source>
        <translation>Ein bitsandbytes nur für Linux, unter Windows</translation>
    </message>
    <message>
        <source>bnb native library missing</source>
        <translation>Die CUDA-Bibliothek von bitsandbytes oder eine Datei, die sie braucht, fehlt</translation>
    </message>
    <message>
        <source>build isolation no torch</source>
        <translation>Der abgeschottete Bau eines Pakets sieht torch nicht</translation>
    </message>
    <message>
        <source>captive portal</source>
        <translation>Statt des Index antwortete eine Anmeldeseite</translation>
    </message>
    <message>
        <source>cloud folder</source>
        <translation>Der Ordner wird von OneDrive abgeglichen</translation>
    </message>
    <message>
        <source>connection refused</source>
        <translation>Der Server hat die Verbindung abgelehnt</translation>
    </message>
    <message>
        <source>console encoding</source>
        <translation>Die Konsole kann ein Zeichen nicht zeigen</translation>
    </message>
    <message>
        <source>cuDNN version: 8902</source>
        <translation>cuDNN version: 8902</translation>
    </message>
    <message>
        <source>cuda kernel fault</source>
        <translation>Ein Kernel auf der Karte brach mit einem Fehler ab</translation>
    </message>
    <message>
        <source>cuda oom</source>
        <translation>Der Speicher der Karte ist aufgebraucht</translation>
    </message>
    <message>
        <source>cuda toolkit missing</source>
        <translation>Ein Bau aus dem Quelltext verlangt das CUDA-Toolkit</translation>
    </message>
    <message>
        <source>dataset worker crash</source>
        <translation>Ein Arbeitsprozess der Datenaufbereitung ist abgestürzt</translation>
    </message>
    <message>
        <source>dataset_num_proc=1 is critical on Windows.</source>
        <translation>dataset_num_proc=1 ist unter Windows entscheidend.</translation>
    </message>
    <message>
        <source>datasets/arrow_dataset.py of 3.0.1 and 4.3.0; Unsloth&apos;s own note on it.</source>
        <translation>datasets/arrow_dataset.py von 3.0.1 und 4.3.0; Unsloths eigene Anmerkung dazu.</translation>
    </message>
    <message>
        <source>dependency conflict</source>
        <translation>Anforderungen, die einander ausschließen</translation>
    </message>
    <message>
        <source>disk fault</source>
        <translation>Ein Laufwerk ließ sich nicht lesen oder beschreiben</translation>
    </message>
    <message>
        <source>disk full</source>
        <translation>Die Platte ist voll</translation>
    </message>
    <message>
        <source>dns failure</source>
        <translation>Der Name des Servers ließ sich nicht nachschlagen</translation>
    </message>
    <message>
        <source>driver too old</source>
        <translation>Der NVIDIA-Treiber ist älter, als das CUDA dieses torch verlangt</translation>
    </message>
    <message>
        <source>extension compile failed</source>
        <translation>Das Übersetzen eines Pakets ist gescheitert</translation>
    </message>
    <message>
        <source>externally managed</source>
        <translation>Das Python des Systems darf nicht mit pip geändert werden</translation>
    </message>
    <message>
        <source>file in use</source>
        <translation>Eine Datei wird benutzt, oder das Schreiben wurde verweigert</translation>
    </message>
    <message>
        <source>flash attn mismatch</source>
        <translation>flash-attn wurde für ein anderes torch gebaut</translation>
    </message>
    <message>
        <source>git missing</source>
        <translation>Git ist nicht installiert</translation>
    </message>
    <message>
        <source>gpu arch dropped</source>
        <translation>Dieses torch hat keine Kernel mehr für die ältere Karte</translation>
    </message>
    <message>
        <source>gpu arch too new</source>
        <translation>Dieses torch hat keine Kernel für die neuere Karte</translation>
    </message>
    <message>
        <source>hf gated repo</source>
        <translation>Das Modell ist zugangsbeschränkt: kein Zugriff oder kein Token</translation>
    </message>
    <message>
        <source>hf symlink privilege</source>
        <translation>Windows verweigert eine symbolische Verknüpfung</translation>
    </message>
    <message>
        <source>hf unreachable</source>
        <translation>Der Hugging Face Hub ist nicht erreichbar, und nichts ist im Cache</translation>
    </message>
    <message>
        <source>host memory exhausted</source>
        <translation>Der Arbeitsspeicher ist aufgebraucht</translation>
    </message>
    <message>
        <source>index forbidden</source>
        <translation>Der Index verbietet den Zugriff</translation>
    </message>
    <message>
        <source>index rate limited</source>
        <translation>Der Server sagt, dass es zu viele Anfragen waren</translation>
    </message>
    <message>
        <source>index server error</source>
        <translation>Der Server hat eine Störung</translation>
    </message>
    <message>
        <source>index unauthorized</source>
        <translation>Der Index verlangt eine Anmeldung</translation>
    </message>
    <message>
        <source>index untrusted</source>
        <translation>Der Index bietet etwas an, das nicht angenommen wird</translation>
    </message>
    <message>
        <source>inductor needs cl</source>
        <translation>torch.compile braucht den Compiler cl.exe</translation>
    </message>
    <message>
        <source>inductor windows unsupported</source>
        <translation>torch.compile tut etwas, das Windows nicht kann</translation>
    </message>
    <message>
        <source>lock hash missing</source>
        <translation>Einer Liste, die Prüfsummen verlangt, fehlt eine</translation>
    </message>
    <message>
        <source>long path limit</source>
        <translation>Ein Pfad ist länger, als Windows erlaubt</translation>
    </message>
    <message>
        <source>module missing</source>
        <translation>In dieser Umgebung fehlt ein Paket</translation>
    </message>
    <message>
        <source>msvc missing</source>
        <translation>Ein Paket will übersetzt werden, und der C++-Compiler von Microsoft fehlt</translation>
    </message>
    <message>
        <source>multiprocessing spawn</source>
        <translation>Das Skript hat keinen Schutz des Hauptteils, und Windows startet es für jeden Arbeitsprozess neu</translation>
    </message>
    <message>
        <source>network interrupted</source>
        <translation>Die Verbindung brach ab, oder der Download ist unvollständig</translation>
    </message>
    <message>
        <source>network timeout</source>
        <translation>Ein Download dauerte zu lange</translation>
    </message>
    <message>
        <source>network unreachable</source>
        <translation>Es gibt keinen Weg zum Server</translation>
    </message>
    <message>
        <source>no gpu accelerator</source>
        <translation>Unsloth sieht keinen Beschleuniger</translation>
    </message>
    <message>
        <source>no nvidia driver</source>
        <translation>Kein NVIDIA-Treiber gefunden</translation>
    </message>
    <message>
        <source>numpy2 abi</source>
        <translation>NumPy 2 trifft auf Module, die für NumPy 1 gebaut wurden</translation>
    </message>
    <message>
        <source>nvml mismatch</source>
        <translation>Die Bibliothek des Treibers und sein Kernelmodul stimmen nicht überein</translation>
    </message>
    <message>
        <source>offline mode</source>
        <translation>Das Netz ist in den Einstellungen ausgeschaltet</translation>
    </message>
    <message>
        <source>openmp duplicate</source>
        <translation>Zwei OpenMP-Laufzeiten in einem Prozess</translation>
    </message>
    <message>
        <source>package not found</source>
        <translation>Der Index bietet dieses Paket oder diese Version nicht an</translation>
    </message>
    <message>
        <source>pagefile too small</source>
        <translation>Windows kann für die DLLs von torch keinen Speicher reservieren (Fehler 1455)</translation>
    </message>
    <message>
        <source>path not ascii</source>
        <translation>Buchstaben in einem Pfad, die ein Werkzeug nicht lesen kann</translation>
    </message>
    <message>
        <source>peft incompatible</source>
        <translation>peft und transformers passen nicht zusammen</translation>
    </message>
    <message>
        <source>pip hash mismatch</source>
        <translation>Eine geladene Datei stimmt nicht mit ihrer Prüfsumme überein</translation>
    </message>
    <message>
        <source>pip install &quot;unsloth[windows] @ …2024.9.post3&quot;</source>
        <translation>pip install &quot;unsloth[windows] @ …2024.9.post3&quot;</translation>
    </message>
    <message>
        <source>pip install &quot;unsloth[…] @ git+https://github.com/unslothai/unsloth.git@2024.9.post3&quot;</source>
        <translation>pip install &quot;unsloth[…] @ git+https://github.com/unslothai/unsloth.git@2024.9.post3&quot;</translation>
    </message>
    <message>
        <source>pip install triton @ git+https://github.com/woct0rdho/triton-windows.git</source>
        <translation>pip install triton @ git+https://github.com/woct0rdho/triton-windows.git</translation>
    </message>
    <message>
        <source>pip install unsloth-zoo==2024.9.post3</source>
        <translation>pip install unsloth-zoo==2024.9.post3</translation>
    </message>
    <message>
        <source>pip install unsloth==2024.9.post3 is the simpler way.</source>
        <translation>pip install unsloth==2024.9.post3 ist der einfachere Weg.</translation>
    </message>
    <message>
        <source>pip uninstall torch … from whatever pip is on the path, then install there.</source>
        <translation>pip uninstall torch … mit dem pip, das gerade im Pfad liegt, dann dort installieren.</translation>
    </message>
    <message>
        <source>platform unsupported</source>
        <translation>Das Paket hat keine Dateien für dieses System</translation>
    </message>
    <message>
        <source>program hung</source>
        <translation>Ein Programm kam zu keinem Ende</translation>
    </message>
    <message>
        <source>protobuf mismatch</source>
        <translation>protobuf ist neuer als der dafür erzeugte Code</translation>
    </message>
    <message>
        <source>proxy auth required</source>
        <translation>Der Proxy verlangt Namen und Passwort</translation>
    </message>
    <message>
        <source>proxy unreachable</source>
        <translation>Der Proxy ist nicht erreichbar</translation>
    </message>
    <message>
        <source>python 32bit</source>
        <translation>Dieses Python ist eines mit 32 Bit</translation>
    </message>
    <message>
        <source>python ssl module missing</source>
        <translation>Dieses Python hat kein brauchbares ssl-Modul</translation>
    </message>
    <message>
        <source>python unavailable</source>
        <translation>Das Python, das eine Einrichtung braucht, war nicht zu bekommen</translation>
    </message>
    <message>
        <source>python version unsupported</source>
        <translation>Für diese Python-Version gibt es keine Dateien</translation>
    </message>
    <message>
        <source>redirect loop</source>
        <translation>Der Server schickt Anfragen im Kreis</translation>
    </message>
    <message>
        <source>server certificate expired</source>
        <translation>Das Zertifikat des Servers ist abgelaufen (oder die Uhr dieses PCs geht falsch)</translation>
    </message>
    <message>
        <source>tls intercepted</source>
        <translation>Das Zertifikat der Verbindung ist von einem Proxy oder Scanner unterschrieben</translation>
    </message>
    <message>
        <source>torch &gt;= 2.4.0, &lt; 2.5.0; transformers &gt;= 4.40.0; bitsandbytes &gt;= 0.43.0</source>
        <translation>torch &gt;= 2.4.0, &lt; 2.5.0; transformers &gt;= 4.40.0; bitsandbytes &gt;= 0.43.0</translation>
    </message>
    <message>
        <source>torch cpu build</source>
        <translation>torch ist die CPU-Fassung</translation>
    </message>
    <message>
        <source>torch dll libomp missing</source>
        <translation>torch 2.4.0 für Windows fehlt eine OpenMP-Datei (libomp140.x86_64.dll)</translation>
    </message>
    <message>
        <source>torch index wrong</source>
        <translation>Der genannte Paketordner ist nicht vorhanden oder enthält dieses torch nicht</translation>
    </message>
    <message>
        <source>torch install broken</source>
        <translation>torch ist beschädigt, halb installiert oder von einer anderen Datei verdeckt</translation>
    </message>
    <message>
        <source>torch too old</source>
        <translation>Dieses torch ist zu alt für ein Paket daneben</translation>
    </message>
    <message>
        <source>torch torchvision mismatch</source>
        <translation>torchvision gehört nicht zum installierten torch</translation>
    </message>
    <message>
        <source>torch._inductor.config does not exist in PyTorch 2.4.0, so Unsloth 2024.9.post3 must do without it.</source>
        <translation>torch._inductor.config gibt es in PyTorch 2.4.0 nicht, daher muss Unsloth 2024.9.post3 ohne es auskommen.</translation>
    </message>
    <message>
        <source>torchvision cpu build</source>
        <translation>torchvision ist die CPU-Fassung neben einem torch mit CUDA</translation>
    </message>
    <message>
        <source>transformers incompatible</source>
        <translation>transformers passt nicht zu den Paketen daneben</translation>
    </message>
    <message>
        <source>triton arch unsupported</source>
        <translation>Triton kennt diese Karte nicht</translation>
    </message>
    <message>
        <source>triton compiler access denied</source>
        <translation>Der Compiler, den Triton startet, wird verweigert</translation>
    </message>
    <message>
        <source>triton dll load failed</source>
        <translation>Die Bibliothek von Triton lässt sich nicht laden</translation>
    </message>
    <message>
        <source>triton missing</source>
        <translation>Triton ist nicht installiert</translation>
    </message>
    <message>
        <source>triton no c compiler</source>
        <translation>Triton findet keinen C-Compiler</translation>
    </message>
    <message>
        <source>triton python headers missing</source>
        <translation>Triton kann nicht übersetzen: Header oder Bibliotheken von Python fehlen</translation>
    </message>
    <message>
        <source>triton version mismatch</source>
        <translation>Die Version von Triton passt nicht zu torch oder Unsloth</translation>
    </message>
    <message>
        <source>triton-windows 3.1.0.post17 holds TinyCC.</source>
        <translation>triton-windows 3.1.0.post17 enthält TinyCC.</translation>
    </message>
    <message>
        <source>triton/runtime/build.py; the import was run.</source>
        <translation>triton/runtime/build.py; der Import wurde ausgeführt.</translation>
    </message>
    <message>
        <source>trl api changed</source>
        <translation>trl hat seine Argumente geändert</translation>
    </message>
    <message>
        <source>unsloth generated code broken</source>
        <translation>Code, den Unsloth erzeugt hat, läuft nicht</translation>
    </message>
    <message>
        <source>unsloth zoo mismatch</source>
        <translation>unsloth_zoo gehört nicht zu diesem unsloth</translation>
    </message>
    <message>
        <source>vcredist outdated</source>
        <translation>Die Visual-C++-Laufzeit fehlt, ist zu alt oder verdeckt</translation>
    </message>
    <message>
        <source>wheel missing</source>
        <translation>Der Index hat eine Datei nicht, die er nennt</translation>
    </message>
    <message>
        <source>windows store python</source>
        <translation>python ist der Platzhalter des Microsoft Store</translation>
    </message>
    <message>
        <source>worker pickling</source>
        <translation>Ein Objekt lässt sich nicht an einen Arbeitsprozess übergeben</translation>
    </message>
    <message>
        <source>wsl gpu unavailable</source>
        <translation>Keine Karte in diesem WSL</translation>
    </message>
    <message>
        <source>wsl libcuda not found</source>
        <translation>libcuda.so wird nicht gefunden, obwohl der Treiber da ist</translation>
    </message>
    <message>
        <source>xformers missing</source>
        <translation>xformers ist nicht installiert</translation>
    </message>
    <message>
        <source>xformers torch mismatch</source>
        <translation>xformers wurde für ein anderes torch gebaut</translation>
    </message>
    <message>
        <source>Put packages back</source>
        <translation>Pakete zurücklegen</translation>
    </message>
    <message>
        <source>A company filter or the index itself refuses this file; ask who runs it, or choose another index.</source>
        <translation>Ein Firmenfilter oder der Index selbst verweigert diese Datei; fragen Sie, wer ihn betreibt, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>A company proxy or a virus scanner may re-sign the connection. Give its root certificate with the certificates setting, or have it put into the system&apos;s store.</source>
        <translation>Ein Firmenproxy oder ein Virenscanner unterschreibt die Verbindung vielleicht neu. Nennen Sie sein Stammzertifikat in der Einstellung für Zertifikate, oder lassen Sie es in den Speicher des Systems legen.</translation>
    </message>
    <message>
        <source>A compiled Triton kernel gave a wrong sum.</source>
        <translation>Ein übersetzter Triton-Kernel ergab eine falsche Summe.</translation>
    </message>
    <message>
        <source>A mirror, proxy or virus scanner changed the file. Choose another index, or run it again on another network.</source>
        <translation>Ein Spiegel, Proxy oder Virenscanner hat die Datei verändert. Wählen Sie einen anderen Index, oder versuchen Sie es in einem anderen Netz noch einmal.</translation>
    </message>
    <message>
        <source>A report of a simulated machine needs a place to go to; expected --output FILE.</source>
        <translation>Ein Bericht über einen simulierten PC braucht ein Ziel; erwartet wird --output DATEI.</translation>
    </message>
    <message>
        <source>A sign-in page of the network may be in between: open any page in a browser, or choose another index.</source>
        <translation>Vielleicht liegt eine Anmeldeseite des Netzes dazwischen: Öffnen Sie im Browser irgendeine Seite, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>A sign-in page of the network or a filter is in between: open any page in a browser, sign in, then run it again.</source>
        <translation>Eine Anmeldeseite des Netzes oder ein Filter liegt dazwischen: Öffnen Sie im Browser irgendeine Seite, melden Sie sich an, und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>A virus scanner may hold it back; look at the log.</source>
        <translation>Vielleicht hält ein Virenscanner es zurück; sehen Sie ins Protokoll.</translation>
    </message>
    <message>
        <source>Allow the network, or give a bundle that holds this profile.</source>
        <translation>Erlauben Sie das Netz, oder nennen Sie einen Offline-Ordner, der dieses Profil enthält.</translation>
    </message>
    <message>
        <source>An environment that is gone can only be made again.</source>
        <translation>Eine Umgebung, die es nicht mehr gibt, lässt sich nur neu anlegen.</translation>
    </message>
    <message>
        <source>Check the find-links folder or the bundle.</source>
        <translation>Prüfen Sie den find-links-Ordner oder den Offline-Ordner.</translation>
    </message>
    <message>
        <source>Check the network connection and the name server; behind a company network a proxy may be needed.</source>
        <translation>Prüfen Sie Netzverbindung und Namensserver; in einem Firmennetz kann ein Proxy nötig sein.</translation>
    </message>
    <message>
        <source>Check the proxy setting, or take it out where no proxy is needed.</source>
        <translation>Prüfen Sie die Proxy-Einstellung, oder nehmen Sie sie heraus, wo kein Proxy nötig ist.</translation>
    </message>
    <message>
        <source>Check this computer&apos;s date and time first; if they are right, choose another index or wait.</source>
        <translation>Prüfen Sie zuerst Datum und Uhrzeit dieses Computers; stimmen sie, wählen Sie einen anderen Index oder warten Sie.</translation>
    </message>
    <message>
        <source>Check this computer&apos;s date and time.</source>
        <translation>Prüfen Sie Datum und Uhrzeit dieses Computers.</translation>
    </message>
    <message>
        <source>Choose a folder that you may write to.</source>
        <translation>Wählen Sie einen Ordner, in den Sie schreiben dürfen.</translation>
    </message>
    <message>
        <source>Choose a home folder that you may write to.</source>
        <translation>Wählen Sie einen Ordner für alles, in den Sie schreiben dürfen.</translation>
    </message>
    <message>
        <source>Choose another index, or wait until the mirror has caught up.</source>
        <translation>Wählen Sie einen anderen Index, oder warten Sie, bis der Spiegel aufgeholt hat.</translation>
    </message>
    <message>
        <source>Choose another index.</source>
        <translation>Wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>Choose another one with --home.</source>
        <translation>Wählen Sie mit --home einen anderen.</translation>
    </message>
    <message>
        <source>Close programs that use it (a running Python, an editor), then try again.</source>
        <translation>Schließen Sie Programme, die sie benutzen (ein laufendes Python, ein Editor), und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Fetching was stopped.</source>
        <translation>Das Laden wurde angehalten.</translation>
    </message>
    <message>
        <source>Give a file of certificates in PEM form.</source>
        <translation>Nennen Sie eine Datei mit Zertifikaten in PEM-Form.</translation>
    </message>
    <message>
        <source>Give an http or https proxy.</source>
        <translation>Nennen Sie einen Proxy mit http oder https.</translation>
    </message>
    <message>
        <source>Give the index with https.</source>
        <translation>Nennen Sie den Index mit https.</translation>
    </message>
    <message>
        <source>Give the proxy as http://name:password@host:port in the proxy setting.</source>
        <translation>Geben Sie den Proxy in der Proxy-Einstellung als http://name:passwort@host:port an.</translation>
    </message>
    <message>
        <source>Installing the kernel&apos;s packages</source>
        <translation>Die Installation der Pakete des Kernels</translation>
    </message>
    <message>
        <source>Installing the packages</source>
        <translation>Die Installation der Pakete</translation>
    </message>
    <message>
        <source>Its fields are listed in resources/schemas/answers.json.</source>
        <translation>Ihre Felder stehen in resources/schemas/answers.json.</translation>
    </message>
    <message>
        <source>Look at the last lines of the log.</source>
        <translation>Sehen Sie auf die letzten Zeilen des Protokolls.</translation>
    </message>
    <message>
        <source>Looking up the files</source>
        <translation>Das Nachschlagen der Dateien</translation>
    </message>
    <message>
        <source>Make room on that disk, then run it again; it goes on from here.</source>
        <translation>Schaffen Sie Platz auf diesem Laufwerk und versuchen Sie es dann noch einmal; es geht von hier aus weiter.</translation>
    </message>
    <message>
        <source>Make room on that disk, then run the same command again; it goes on from here.</source>
        <translation>Schaffen Sie Platz auf diesem Laufwerk und versuchen Sie es dann noch einmal; es geht von hier aus weiter.</translation>
    </message>
    <message>
        <source>Making the environment</source>
        <translation>Das Anlegen der Umgebung</translation>
    </message>
    <message>
        <source>No other setup can work on this machine; the findings say why.</source>
        <translation>Keine andere Einrichtung kann auf diesem PC laufen; die Befunde sagen, warum.</translation>
    </message>
    <message>
        <source>No terminal program was found on this computer.</source>
        <translation>Auf diesem Computer wurde kein Terminalprogramm gefunden.</translation>
    </message>
    <message>
        <source>Open it by hand.</source>
        <translation>Öffnen Sie es von Hand.</translation>
    </message>
    <message>
        <source>Put the credentials into the index address of pip or uv, or choose another index.</source>
        <translation>Schreiben Sie die Anmeldung in die Adresse des Index von pip oder uv, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>Putting the packages back</source>
        <translation>Das Zurücklegen der Pakete</translation>
    </message>
    <message>
        <source>Run install again, or delete the file to start without an active environment.</source>
        <translation>Installieren Sie noch einmal, oder löschen Sie die Datei, um ohne aktive Umgebung zu beginnen.</translation>
    </message>
    <message>
        <source>Run it again; where that does not help, look whether a virus scanner stops uv.</source>
        <translation>Versuchen Sie es noch einmal; hilft das nicht, sehen Sie nach, ob ein Virenscanner uv aufhält.</translation>
    </message>
    <message>
        <source>Run the plan from its start.</source>
        <translation>Führen Sie den Plan von Anfang an aus.</translation>
    </message>
    <message>
        <source>Starting the kernel</source>
        <translation>Der Start des Kernels</translation>
    </message>
    <message>
        <source>Take a profile with a newer torch.</source>
        <translation>Nehmen Sie eine Einrichtung mit einem neueren torch.</translation>
    </message>
    <message>
        <source>Taking the packages out</source>
        <translation>Das Herausnehmen der Pakete</translation>
    </message>
    <message>
        <source>The disk is full: uv could not write its cache.</source>
        <translation>Das Laufwerk ist voll: uv konnte seinen Cache nicht schreiben.</translation>
    </message>
    <message>
        <source>The first import</source>
        <translation>Der erste Import</translation>
    </message>
    <message>
        <source>The index or mirror lacks this file; choose another index, or wait until the mirror has caught up.</source>
        <translation>Dem Index oder Spiegel fehlt diese Datei; wählen Sie einen anderen Index, oder warten Sie, bis der Spiegel aufgeholt hat.</translation>
    </message>
    <message>
        <source>The last lines of the log say why.</source>
        <translation>Die letzten Zeilen des Protokolls sagen, warum.</translation>
    </message>
    <message>
        <source>The mirror holds a damaged or cut file: run it again later, or choose another index.</source>
        <translation>Auf dem Spiegel liegt eine beschädigte oder abgeschnittene Datei: Versuchen Sie es später noch einmal, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>The mirror holds another build of this file. Choose another index.</source>
        <translation>Auf dem Spiegel liegt eine andere Fassung dieser Datei. Wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>The package list is not here and the network is switched off.</source>
        <translation>Die Paketliste ist nicht hier, und das Netz ist ausgeschaltet.</translation>
    </message>
    <message>
        <source>The survey ended without a result.</source>
        <translation>Die Bestandsaufnahme endete ohne Ergebnis.</translation>
    </message>
    <message>
        <source>The trained model generated no token at all.</source>
        <translation>Das trainierte Modell erzeugte kein einziges Token.</translation>
    </message>
    <message>
        <source>There is no earlier environment to go back to; expected one that was active before the last install.</source>
        <translation>Es gibt keine frühere Umgebung zum Zurückkehren; erwartet wird eine, die vor der letzten Installation aktiv war.</translation>
    </message>
    <message>
        <source>This system names no folder for a user&apos;s settings, where Jupyter would look for kernels.</source>
        <translation>Dieses System nennt keinen Ordner für Einstellungen des Benutzers, in dem Jupyter nach Kernels sucht.</translation>
    </message>
    <message>
        <source>This system names no folder for the entries of its menu.</source>
        <translation>Dieses System nennt keinen Ordner für die Einträge seines Menüs.</translation>
    </message>
    <message>
        <source>Triton is not installed, and Unsloth cannot be imported without it.</source>
        <translation>Triton ist nicht installiert, und ohne es lässt sich Unsloth nicht importieren.</translation>
    </message>
    <message>
        <source>Unpack the program again, or run it from a fresh checkout.</source>
        <translation>Entpacken Sie das Programm noch einmal, oder starten Sie es aus einer frischen Kopie des Quelltexts.</translation>
    </message>
    <message>
        <source>Wait for it or stop it, then start again.</source>
        <translation>Warten Sie auf ihn oder halten Sie ihn an, und starten Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Wait some minutes, then run it again, or choose another index.</source>
        <translation>Warten Sie einige Minuten und versuchen Sie es dann noch einmal, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>Wait some minutes, then run it again, or choose another index; what has arrived is kept.</source>
        <translation>Warten Sie einige Minuten und versuchen Sie es dann noch einmal, oder wählen Sie einen anderen Index; was angekommen ist, bleibt.</translation>
    </message>
    <message>
        <source>Wait some minutes, then run it again.</source>
        <translation>Warten Sie einige Minuten und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Wait some minutes, then run it again; what has arrived is kept.</source>
        <translation>Warten Sie einige Minuten und versuchen Sie es dann noch einmal; was angekommen ist, bleibt.</translation>
    </message>
    <message>
        <source>What was active before still is. The failed checks above say what to do.</source>
        <translation>Was vorher aktiv war, ist es weiterhin. Die nicht bestandenen Prüfungen oben sagen, was zu tun ist.</translation>
    </message>
    <message>
        <source>a DLL could not start</source>
        <translation>eine DLL konnte nicht starten</translation>
    </message>
    <message>
        <source>a DLL of the wrong kind</source>
        <translation>eine DLL der falschen Art</translation>
    </message>
    <message>
        <source>a DLL was not found</source>
        <translation>eine DLL wurde nicht gefunden</translation>
    </message>
    <message>
        <source>a former or unfinished setup</source>
        <translation>eine frühere oder unfertige Einrichtung</translation>
    </message>
    <message>
        <source>a gradient is not finite</source>
        <translation>ein Gradient ist nicht endlich</translation>
    </message>
    <message>
        <source>access violation</source>
        <translation>Zugriffsverletzung</translation>
    </message>
    <message>
        <source>compiled extensions of torch</source>
        <translation>übersetzte Erweiterungen von torch</translation>
    </message>
    <message>
        <source>compiled graphs of torch</source>
        <translation>übersetzte Graphen von torch</translation>
    </message>
    <message>
        <source>compiled kernels of Triton</source>
        <translation>übersetzte Kernel von Triton</translation>
    </message>
    <message>
        <source>damaged heap</source>
        <translation>beschädigter Speicherbereich (Heap)</translation>
    </message>
    <message>
        <source>downloads of pip</source>
        <translation>Downloads von pip</translation>
    </message>
    <message>
        <source>downloads of torch</source>
        <translation>Downloads von torch</translation>
    </message>
    <message>
        <source>downloads of uv</source>
        <translation>Downloads von uv</translation>
    </message>
    <message>
        <source>ended from outside</source>
        <translation>von außen beendet</translation>
    </message>
    <message>
        <source>ended from outside, often for lack of memory</source>
        <translation>von außen beendet, oft wegen zu wenig Arbeitsspeicher</translation>
    </message>
    <message>
        <source>fatal error</source>
        <translation>schwerer Fehler</translation>
    </message>
    <message>
        <source>illegal instruction</source>
        <translation>unzulässiger Befehl</translation>
    </message>
    <message>
        <source>it is empty; expected a path</source>
        <translation>es ist leer; erwartet wird ein Pfad</translation>
    </message>
    <message>
        <source>it is not UTF-8 text</source>
        <translation>sie ist kein UTF-8-Text</translation>
    </message>
    <message>
        <source>models and data of Hugging Face</source>
        <translation>Modelle und Daten von Hugging Face</translation>
    </message>
    <message>
        <source>stack overflow</source>
        <translation>Stapelüberlauf</translation>
    </message>
    <message>
        <source>the default index</source>
        <translation>(Standardindex)</translation>
    </message>
    <message>
        <source>the loss is not a number</source>
        <translation>der Verlust ist keine Zahl</translation>
    </message>
    <message>
        <source>the setup before the active one; going back needs it</source>
        <translation>die Einrichtung vor der aktiven; zum Zurückkehren nötig</translation>
    </message>
    <message>
        <source>torch is built for CUDA but reaches no card: the driver is missing, too old or hidden.</source>
        <translation>torch ist für CUDA gebaut, erreicht aber keine Karte: Der Treiber fehlt, ist zu alt oder verborgen.</translation>
    </message>
    <message>
        <source>trainers that Unsloth compiled</source>
        <translation>von Unsloth übersetzte Trainer</translation>
    </message>
    <message>
        <source>uv may not write its cache in the home folder.</source>
        <translation>uv darf seinen Cache im Ordner für alles nicht schreiben.</translation>
    </message>
    <message>
        <source>uv&apos;s answer could not be read.</source>
        <translation>Die Antwort von uv war nicht zu lesen.</translation>
    </message>
    <message>
        <source>A company proxy or a virus scanner may re-sign the connection: give its root certificate with the certificates setting.</source>
        <translation>Ein Firmenproxy oder ein Virenscanner unterschreibt die Verbindung vielleicht neu: Nennen Sie sein Stammzertifikat in der Einstellung für Zertifikate.</translation>
    </message>
    <message>
        <source>Check the index address and the credentials in pip&apos;s or uv&apos;s settings, or choose another index.</source>
        <translation>Prüfen Sie die Adresse des Index und die Anmeldung in den Einstellungen von pip oder uv, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>Check the network, then run it again; what has arrived is kept.</source>
        <translation>Prüfen Sie das Netz und versuchen Sie es dann noch einmal; was angekommen ist, bleibt.</translation>
    </message>
    <message>
        <source>Open any page in a browser, sign in to the network, then run it again; or choose another index.</source>
        <translation>Öffnen Sie im Browser irgendeine Seite, melden Sie sich im Netz an, und versuchen Sie es dann noch einmal; oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>No line names it, but logs with such words often come from it.</source>
        <translation>Keine Zeile nennt es, aber Protokolle mit solchen Worten kommen oft daher.</translation>
    </message>
    <message>
        <source>No line names it, but it shows itself in the same way.</source>
        <translation>Keine Zeile nennt es, aber es zeigt sich auf dieselbe Weise.</translation>
    </message>
    <message>
        <source>Give its address with https, or a file of this computer.</source>
        <translation>Geben Sie ihre Adresse mit https an oder eine Datei dieses Computers.</translation>
    </message>
    <message>
        <source>CUDA itself and the desktop fill most of it; no useful model fits beside them. The practice setup works on the processor, with small models.</source>
        <translation>CUDA selbst und der Desktop füllen das meiste davon; daneben passt kein brauchbares Modell. Die Übungseinrichtung arbeitet auf dem Prozessor, mit kleinen Modellen.</translation>
    </message>
    <message>
        <source>Install the current driver for {card.name} from NVIDIA&apos;s page if there is none, then look again.</source>
        <translation>Installieren Sie den aktuellen Treiber für {card.name} von NVIDIAs Seite, falls keiner da ist, und sehen Sie dann noch einmal nach.</translation>
    </message>
    <message>
        <source>Neither its version nor its management library is known. Without the driver no program can use the card for training.</source>
        <translation>Weder seine Version noch seine Verwaltungsbibliothek ist bekannt. Ohne den Treiber kann kein Programm die Karte zum Trainieren nutzen.</translation>
    </message>
    <message>
        <source>Nothing to do for the installation. Training that you start yourself meets the variable: remove it in the system&apos;s settings before.</source>
        <translation>Für die Installation ist nichts zu tun. Ein Training, das Sie selbst starten, trifft auf die Variable: Entfernen Sie sie vorher in den Einstellungen des Systems.</translation>
    </message>
    <message>
        <source>Nothing to do for the installation. Training that you start yourself meets them: remove them in the system&apos;s settings before.</source>
        <translation>Für die Installation ist nichts zu tun. Ein Training, das Sie selbst starten, trifft auf sie: Entfernen Sie sie vorher in den Einstellungen des Systems.</translation>
    </message>
    <message>
        <source>Nothing to do: the checks and the starter script are pointed at {card.name}.</source>
        <translation>Nichts zu tun: Die Prüfungen und das Startskript werden auf {card.name} gelenkt.</translation>
    </message>
    <message>
        <source>Practise on the processor here. For training on a card, 8 GB are a good start.</source>
        <translation>Üben Sie hier auf dem Prozessor. Zum Trainieren auf einer Karte sind 8 GB ein guter Anfang.</translation>
    </message>
    <message>
        <source>The card has too little memory for training</source>
        <translation>Die Karte hat zum Trainieren zu wenig Speicher</translation>
    </message>
    <message>
        <source>The setup is chosen for {card.name} and verified on it. Programs of your own that take all cards may stumble over the others.</source>
        <translation>Die Einrichtung ist für {card.name} gewählt und wird darauf geprüft. Eigene Programme, die alle Karten nehmen, können über die anderen stolpern.</translation>
    </message>
    <message>
        <source>This setup is built for CUDA {profile.cuda}; the driver was made for CUDA {driver.cuda}. By NVIDIA&apos;s compatibility promise it runs all the same, though code compiled at run time may fail.</source>
        <translation>Diese Einrichtung ist für CUDA {profile.cuda} gebaut; der Treiber wurde für CUDA {driver.cuda} gemacht. Nach NVIDIAs Verträglichkeitszusage läuft sie trotzdem, doch Code, der erst beim Lauf übersetzt wird, kann scheitern.</translation>
    </message>
    <message>
        <source>Whether the NVIDIA driver is installed could not be found out</source>
        <translation>Ob der NVIDIA-Treiber installiert ist, ließ sich nicht herausfinden</translation>
    </message>
    <message>
        <source>a card of an unknown maker</source>
        <translation>eine Karte eines unbekannten Herstellers</translation>
    </message>
    <message>
        <source>an AMD card</source>
        <translation>eine AMD-Karte</translation>
    </message>
    <message>
        <source>an Intel card</source>
        <translation>eine Intel-Karte</translation>
    </message>
    <message>
        <source>an unknown total</source>
        <translation>einer unbekannten Gesamtmenge</translation>
    </message>
    <message>
        <source>generation unknown</source>
        <translation>Generation unbekannt</translation>
    </message>
    <message>
        <source>of unknown version</source>
        <translation>unbekannter Version</translation>
    </message>
    <message>
        <source>size unknown</source>
        <translation>Größe unbekannt</translation>
    </message>
    <message>
        <source>the NVIDIA card</source>
        <translation>die NVIDIA-Karte</translation>
    </message>
    <message>
        <source>the home folder</source>
        <translation>der Ordner des Programms</translation>
    </message>
    <message>
        <source>this processor</source>
        <translation>dieser Prozessor</translation>
    </message>
    <message>
        <source>this system</source>
        <translation>dieses System</translation>
    </message>
    <message>
        <source>{card.name}, driver not known</source>
        <translation>{card.name}, Treiber nicht bekannt</translation>
    </message>
    <message>
        <source>{variables.conflict}. They are left out while this program installs and checks; your settings stay.</source>
        <translation>{variables.conflict}. Beim Installieren und Prüfen lässt dieses Programm sie weg; Ihre Einstellungen bleiben.</translation>
    </message>
    <message>
        <source>{variables.why}. It is left out while this program installs and checks; your setting stays.</source>
        <translation>{variables.why}. Beim Installieren und Prüfen lässt dieses Programm die Variable weg; Ihre Einstellung bleibt.</translation>
    </message>
    <message>
        <source>Ask whoever manages the network for its root certificate, and name its file in the settings.</source>
        <translation>Fragen Sie, wer das Netz betreut, nach dessen Stammzertifikat, und nennen Sie die Datei in den Einstellungen.</translation>
    </message>
    <message>
        <source>Deletes the files that this program has fetched, then runs the plan again: they are fetched again and each is checked by its hash. Environments stay as they are.</source>
        <translation>Löscht die Dateien, die dieses Programm geholt hat, und führt dann den Plan noch einmal aus: Sie werden neu geholt und jede wird an ihrer Prüfsumme geprüft. Umgebungen bleiben, wie sie sind.</translation>
    </message>
    <message>
        <source>Deletes this program&apos;s package cache, which only saves time, then runs the plan again. Environments and fetched files stay.</source>
        <translation>Löscht den Paketspeicher dieses Programms, der nur Zeit spart, und führt dann den Plan noch einmal aus. Umgebungen und geholte Dateien bleiben.</translation>
    </message>
    <message>
        <source>Makes the environment again from its locked files and checks it. A setup that works stays in use until then, and can be gone back to.</source>
        <translation>Macht die Umgebung aus ihren festgelegten Dateien neu und prüft sie. Eine Einrichtung, die arbeitet, bleibt bis dahin in Gebrauch, und Sie können zu ihr zurück.</translation>
    </message>
    <message>
        <source>Only the system&apos;s certificates are in use already, so this fix would change nothing.</source>
        <translation>Es gelten schon allein die Zertifikate des Systems, also würde diese Abhilfe nichts ändern.</translation>
    </message>
    <message>
        <source>Runs the plan again; it goes on where it stopped.</source>
        <translation>Führt den Plan noch einmal aus; er geht dort weiter, wo er stehen blieb.</translation>
    </message>
    <message>
        <source>Trusts the system&apos;s certificates alone and runs the plan again, for this visit. No setting of yours is changed.</source>
        <translation>Vertraut für diesen Besuch allein den Zertifikaten des Systems und führt den Plan noch einmal aus. Keine Ihrer Einstellungen wird geändert.</translation>
    </message>
    <message>
        <source>CUDA 12.1 was made with driver 531.14 on Windows and 530.30.02 on Linux, and by NVIDIA&apos;s promise starts with 528.33 and 525.60.13.</source>
        <translation>CUDA 12.1 wurde mit Treiber 531.14 unter Windows und 530.30.02 unter Linux gemacht und startet nach NVIDIAs Zusage ab 528.33 und 525.60.13.</translation>
    </message>
    <message>
        <source>For PyTorch 2.6 take Unsloth 2025.1 or newer, and always match the torch2XX extra to PyTorch.</source>
        <translation>Für PyTorch 2.6 Unsloth 2025.1 oder neuer nehmen und das Extra torch2XX immer an PyTorch anpassen.</translation>
    </message>
    <message>
        <source>ImportError: No module named &apos;torch._inductor&apos; comes from an Unsloth that requires PyTorch 2.5 or newer.</source>
        <translation>ImportError: No module named &apos;torch._inductor&apos; kommt von einem Unsloth, das PyTorch 2.5 oder neuer verlangt.</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s table of drivers; its rules of minor version compatibility.</source>
        <translation>NVIDIAs Tabelle der Treiber; seine Regeln der Verträglichkeit kleiner Versionen.</translation>
    </message>
    <message>
        <source>The latest NVIDIA driver is a prerequisite.</source>
        <translation>Der neueste NVIDIA-Treiber ist Voraussetzung.</translation>
    </message>
    <message>
        <source>torch._inductor was imported with PyTorch 2.4.0.</source>
        <translation>torch._inductor wurde mit PyTorch 2.4.0 importiert.</translation>
    </message>
    <message>
        <source>Every setup for a card needs more than 6 GB.</source>
        <translation>Jede Einrichtung für eine Karte braucht mehr als 6 GB.</translation>
    </message>
    <message>
        <source>Plans the best setup for this computer that was not tried here yet. What is installed stays, and can be gone back to.</source>
        <translation>Plant die beste Einrichtung für diesen Computer, die hier noch nicht versucht wurde. Was installiert ist, bleibt, und Sie können dorthin zurück.</translation>
    </message>
    <message>
        <source>A package, or a part of one, is missing from this environment</source>
        <translation>In dieser Umgebung fehlt ein Paket oder ein Teil davon</translation>
    </message>
    <message>
        <source>This environment lacks a package that is needed, or files of one. Often the script was started with another Python than the one that was set up; otherwise another program has taken files away, a virus scanner for instance.</source>
        <translation>In dieser Umgebung fehlt ein Paket, das gebraucht wird, oder Dateien davon. Oft wurde das Skript mit einem anderen Python gestartet als dem eingerichteten; sonst hat ein anderes Programm Dateien weggenommen, zum Beispiel ein Virenscanner.</translation>
    </message>
    <message>
        <source>In the console from which you start: set PYTHONUTF8=1 (PowerShell: $env:PYTHONUTF8 = 1)</source>
        <translation>In der Konsole, aus der Sie starten: set PYTHONUTF8=1 (PowerShell: $env:PYTHONUTF8 = 1)</translation>
    </message>
    <message>
        <source>In the console from which you start: set TORCHDYNAMO_DISABLE=1 (PowerShell: $env:TORCHDYNAMO_DISABLE = 1), or take torch.compile out of the script</source>
        <translation>In der Konsole, aus der Sie starten: set TORCHDYNAMO_DISABLE=1 (PowerShell: $env:TORCHDYNAMO_DISABLE = 1), oder nehmen Sie torch.compile aus dem Skript</translation>
    </message>
    <message>
        <source>Windows: Settings, Time and language, Date and time: set the time automatically, then synchronise now</source>
        <translation>Windows: Einstellungen, Zeit und Sprache, Datum und Uhrzeit: Uhrzeit automatisch festlegen, dann jetzt synchronisieren</translation>
    </message>
    <message>
        <source>Makes the environment again from its locked files, with torch.compile switched off in it (TORCHDYNAMO_DISABLE is 1), and checks it. A setup that works stays in use until then, and can be gone back to.</source>
        <translation>Legt die Umgebung aus ihren festgeschriebenen Dateien neu an, in ihr ist torch.compile abgeschaltet (TORCHDYNAMO_DISABLE ist 1), und prüft sie. Eine Einrichtung, die funktioniert, bleibt bis dahin in Gebrauch, und man kann zu ihr zurück.</translation>
    </message>
    <message>
        <source>Makes the environment again from its locked files, without your variables CC and CXX in it, and checks it. Your own settings stay as they are, and a setup that works stays in use until then.</source>
        <translation>Legt die Umgebung aus ihren festgeschriebenen Dateien neu an, ohne Ihre Variablen CC und CXX darin, und prüft sie. Ihre eigenen Einstellungen bleiben, wie sie sind, und eine Einrichtung, die funktioniert, bleibt bis dahin in Gebrauch.</translation>
    </message>
    <message>
        <source>Variables of the environment</source>
        <translation>Variablen der Umgebung</translation>
    </message>
    <message>
        <source>Give the mirror&apos;s address with https, or a folder of this computer.</source>
        <translation>Geben Sie die Adresse des Spiegels mit https an oder einen Ordner dieses PCs.</translation>
    </message>
    <message>
        <source>Make room on that disk, or choose another folder, then run it again.</source>
        <translation>Schaffen Sie dort Platz oder wählen Sie einen anderen Ordner und starten Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Name the interpreter of an environment, or leave uninstall_from out.</source>
        <translation>Nennen Sie den Interpreter einer Umgebung oder lassen Sie uninstall_from weg.</translation>
    </message>
    <message>
        <source>its values are nested too deeply</source>
        <translation>ihre Werte sind zu tief verschachtelt</translation>
    </message>
    <message>
        <source>A Linux server with one H100.</source>
        <translation>Ein Linux-Server mit einer H100.</translation>
    </message>
    <message>
        <source>A MacBook.</source>
        <translation>Ein MacBook.</translation>
    </message>
    <message>
        <source>A PC with an AMD card.</source>
        <translation>Ein PC mit einer Karte von AMD.</translation>
    </message>
    <message>
        <source>A PC with an Intel Arc card.</source>
        <translation>Ein PC mit einer Intel-Arc-Karte.</translation>
    </message>
    <message>
        <source>A PC without internet.</source>
        <translation>Ein PC ohne Internet.</translation>
    </message>
    <message>
        <source>A Windows 10 that was never updated.</source>
        <translation>Ein Windows 10, das nie aktualisiert wurde.</translation>
    </message>
    <message>
        <source>A Windows laptop with an ARM processor.</source>
        <translation>Ein Windows-Laptop mit ARM-Prozessor.</translation>
    </message>
    <message>
        <source>A card that is too old for Triton.</source>
        <translation>Eine Karte, die für Triton zu alt ist.</translation>
    </message>
    <message>
        <source>A chat server holds most of the card&apos;s memory.</source>
        <translation>Ein Chat-Server belegt den größten Teil des Kartenspeichers.</translation>
    </message>
    <message>
        <source>A cloud machine with a T4.</source>
        <translation>Ein Cloud-Rechner mit einer T4.</translation>
    </message>
    <message>
        <source>A cloud server with a V100.</source>
        <translation>Ein Cloud-Server mit einer V100.</translation>
    </message>
    <message>
        <source>A company PC: proxy, its own certificate, the PyTorch index blocked.</source>
        <translation>Ein Firmen-PC: Proxy, eigenes Zertifikat, der PyTorch-Index gesperrt.</translation>
    </message>
    <message>
        <source>A driver from 2023: new enough to run, older than the setup&apos;s CUDA.</source>
        <translation>Ein Treiber von 2023: neu genug zum Laufen, älter als das CUDA der Einrichtung.</translation>
    </message>
    <message>
        <source>A freshly built PC: the card is in, its driver is not.</source>
        <translation>Ein frisch gebauter PC: Die Karte steckt, ihr Treiber fehlt.</translation>
    </message>
    <message>
        <source>A gaming laptop with a second graphics chip.</source>
        <translation>Ein Gaming-Laptop mit einem zweiten Grafikchip.</translation>
    </message>
    <message>
        <source>A good card with a driver from 2020.</source>
        <translation>Eine gute Karte mit einem Treiber von 2020.</translation>
    </message>
    <message>
        <source>A new PC with an RTX 5090.</source>
        <translation>Ein neuer PC mit einer RTX 5090.</translation>
    </message>
    <message>
        <source>A small laptop card with 4 GB.</source>
        <translation>Eine kleine Laptop-Karte mit 4 GB.</translation>
    </message>
    <message>
        <source>A small system disk with 4 GB left.</source>
        <translation>Eine kleine Systemplatte, auf der noch 4 GB frei sind.</translation>
    </message>
    <message>
        <source>A user name with an umlaut.</source>
        <translation>Ein Benutzername mit Umlaut.</translation>
    </message>
    <message>
        <source>An RTX 50 with one of its first drivers.</source>
        <translation>Eine RTX 50 mit einem ihrer ersten Treiber.</translation>
    </message>
    <message>
        <source>An office PC without a graphics card of its own.</source>
        <translation>Ein Büro-PC ohne eigene Grafikkarte.</translation>
    </message>
    <message>
        <source>An old workstation with a new card.</source>
        <translation>Eine alte Workstation mit einer neuen Karte.</translation>
    </message>
    <message>
        <source>Conda in the search path, its base environment active.</source>
        <translation>Conda im Suchpfad, seine Basisumgebung ist aktiv.</translation>
    </message>
    <message>
        <source>False, or True by imitation</source>
        <translation>False, oder True durch Nachahmung</translation>
    </message>
    <message>
        <source>Linux after an unattended driver update, before the restart.</source>
        <translation>Linux nach einer automatischen Treiberaktualisierung, vor dem Neustart.</translation>
    </message>
    <message>
        <source>Only the Microsoft Store&apos;s Python.</source>
        <translation>Nur das Python aus dem Microsoft Store.</translation>
    </message>
    <message>
        <source>The chosen folder lies in OneDrive.</source>
        <translation>Der gewählte Ordner liegt in OneDrive.</translation>
    </message>
    <message>
        <source>The guide&apos;s PC: RTX 3090, Windows 11, an older conda environment and a stray variable.</source>
        <translation>Der PC der Anleitung: RTX 3090, Windows 11, eine ältere Conda-Umgebung und eine übrig gebliebene Variable.</translation>
    </message>
    <message>
        <source>Two different NVIDIA cards: the picture comes from the smaller one.</source>
        <translation>Zwei verschiedene NVIDIA-Karten: Das Bild kommt von der kleineren.</translation>
    </message>
    <message>
        <source>Ubuntu under WSL on a PC with an RTX 3060.</source>
        <translation>Ubuntu unter WSL auf einem PC mit einer RTX 3060.</translation>
    </message>
    <message>
        <source>imported successfully</source>
        <translation>erfolgreich importiert</translation>
    </message>
    <message>
        <source>{memory_low} to {memory_high} GB</source>
        <translation>{memory_low} bis {memory_high} GB</translation>
    </message>
    <message>
        <source>Leave out --machine to do it on this one.</source>
        <translation>Ohne --machine geschieht es auf diesem.</translation>
    </message>
    <message>
        <source>It compiles kernels for a card; on a processor Unsloth takes PyTorch&apos;s own.</source>
        <translation>Es übersetzt Rechenkerne für eine Karte; auf dem Prozessor nimmt Unsloth die von PyTorch.</translation>
    </message>
    <message>
        <source>Its attention is for a card; on a processor PyTorch&apos;s own is taken.</source>
        <translation>Seine Attention ist für eine Karte; auf dem Prozessor wird die von PyTorch genommen.</translation>
    </message>
    <message>
        <source>PyTorch for the processor, Unsloth and {count} packages</source>
        <translation>PyTorch für den Prozessor, Unsloth und {count} Pakete</translation>
    </message>
    <message>
        <source>Python 3.11, PyTorch 2.13, Unsloth 2026.10</source>
        <translation>Python 3.11, PyTorch 2.13, Unsloth 2026.10</translation>
    </message>
    <message>
        <source>The real Unsloth: the same calls as on a card, so that what is learned here holds there.</source>
        <translation>Das echte Unsloth: dieselben Aufrufe wie mit einer Karte, sodass hier Gelerntes dort gilt.</translation>
    </message>
    <message>
        <source>It prepares pictures; on a processor Unsloth trains text models only.</source>
        <translation>Es bereitet Bilder auf; auf dem Prozessor trainiert Unsloth nur Textmodelle.</translation>
    </message>
    <message>
        <source>Triton, xformers and torchvision are left out: no kernels for cards, and text models only.</source>
        <translation>Triton, xformers und torchvision fehlen: keine Rechenkerne für Karten, und nur Textmodelle.</translation>
    </message>
    <message>
        <source> In a short burst it reached {peak:.0f}.</source>
        <translation> In einem kurzen Stoß erreichte sie {peak:.0f}.</translation>
    </message>
    <message>
        <source> It was put there by {by}.</source>
        <translation> Das kam durch {by}.</translation>
    </message>
    <message>
        <source>A matrix product came out wrong, which points to an unstable clock, memory or driver: {wrong}.</source>
        <translation>Ein Matrixprodukt kam falsch heraus; das deutet auf instabilen Takt, Speicher oder Treiber: {wrong}.</translation>
    </message>
    <message>
        <source>A requirement of a package is not met: {name}</source>
        <translation>Eine Anforderung eines Pakets ist nicht erfüllt: {name}</translation>
    </message>
    <message>
        <source>A secure connection to {host} could not be made: {cause}.</source>
        <translation>Eine sichere Verbindung zu {host} kam nicht zustande: {cause}.</translation>
    </message>
    <message>
        <source>A terminal could not be opened: {reason}.</source>
        <translation>Ein Terminal ließ sich nicht öffnen: {reason}.</translation>
    </message>
    <message>
        <source>Another run is at work in this home folder: {holder}.</source>
        <translation>In diesem Ordner arbeitet schon ein anderer Lauf: {holder}.</translation>
    </message>
    <message>
        <source>Before the benchmark began it was busy to {busy} %, with {others} other processes on it. Close games, browsers and other training, then verify again.</source>
        <translation>Vor dem Benchmark war sie zu {busy} % beschäftigt, mit {others} anderen Prozessen. Schließen Sie Spiele, Browser und anderes Training und prüfen Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Before the benchmark began it was busy to {busy} %: windows, video or another program.</source>
        <translation>Vor dem Benchmark war sie zu {busy} % beschäftigt: Fenster, Video oder ein anderes Programm.</translation>
    </message>
    <message>
        <source>Card and board could run generation {newest:.0f}. A riser cable or a firmware setting holds it back.</source>
        <translation>Karte und Platine könnten Generation {newest:.0f}. Ein Riser-Kabel oder eine Einstellung der Firmware bremst.</translation>
    </message>
    <message>
        <source>Delete {path}</source>
        <translation>{path} löschen</translation>
    </message>
    <message>
        <source>Files of the installed packages are missing or cut off: {named}.</source>
        <translation>Dateien der installierten Pakete fehlen oder sind abgeschnitten: {named}.</translation>
    </message>
    <message>
        <source>Heat held its clock back in {heat:.0%} of the samples; the hottest was {temperature} °C. Clean the fans, give the card air, or have its thermal paste renewed.</source>
        <translation>Hitze bremste ihren Takt in {heat:.0%} der Messungen; am heißesten waren {temperature} °C. Reinigen Sie die Lüfter, geben Sie der Karte Luft, oder lassen Sie die Wärmeleitpaste erneuern.</translation>
    </message>
    <message>
        <source>In {capped:.0%} of the samples. That is how a card works under full load and is no fault.</source>
        <translation>In {capped:.0%} der Messungen. So arbeitet eine Karte unter voller Last; es ist kein Fehler.</translation>
    </message>
    <message>
        <source>In {share:.0%} of the samples. Check the plugs of the card and the supply&apos;s rating.</source>
        <translation>In {share:.0%} der Messungen. Prüfen Sie die Stecker der Karte und die Leistung des Netzteils.</translation>
    </message>
    <message>
        <source>In {share:.0%} of the samples: heat or power reached a limit of the hardware.</source>
        <translation>In {share:.0%} der Messungen: Wärme oder Leistung erreichte eine Grenze der Hardware.</translation>
    </message>
    <message>
        <source>Install Python {version} (64-bit) from python.org, or allow the download, then go on.</source>
        <translation>Installieren Sie Python {version} (64-Bit) von python.org, oder erlauben Sie den Download, und machen Sie dann weiter.</translation>
    </message>
    <message>
        <source>Install {profile}</source>
        <translation>{profile} installieren</translation>
    </message>
    <message>
        <source>It is not installed. Who asks for it: {by}.</source>
        <translation>Es ist nicht installiert. Wer es verlangt: {by}.</translation>
    </message>
    <message>
        <source>It needs “{missing}”, which did not pass.</source>
        <translation>Es braucht „{missing}“, was nicht bestanden wurde.</translation>
    </message>
    <message>
        <source>Jupyter kernel for {profile}</source>
        <translation>Jupyter-Kernel für {profile}</translation>
    </message>
    <message>
        <source>Line {line} fits it too; from the log alone the two are hard to tell apart.</source>
        <translation>Zeile {line} passt auch dazu; allein aus dem Protokoll sind die beiden schwer zu unterscheiden.</translation>
    </message>
    <message>
        <source>Line {line} fits it, but names the cause less clearly.</source>
        <translation>Zeile {line} passt dazu, nennt die Ursache aber weniger klar.</translation>
    </message>
    <message>
        <source>Line {line} fits, but it usually follows from: {cause}.</source>
        <translation>Zeile {line} passt, folgt aber meist aus: {cause}.</translation>
    </message>
    <message>
        <source>Menu entry for {profile}</source>
        <translation>Menüeintrag für {profile}</translation>
    </message>
    <message>
        <source>Move {path} into the quarantine</source>
        <translation>{path} in die Quarantäne verschieben</translation>
    </message>
    <message>
        <source>NVIDIA card {pci_id}</source>
        <translation>NVIDIA-Karte {pci_id}</translation>
    </message>
    <message>
        <source>Needs driver {needed} or newer; yours is {found}.</source>
        <translation>Braucht Treiber {needed} oder neuer; Ihrer ist {found}.</translation>
    </message>
    <message>
        <source>No file of {package} {version} on {host} fits this system: {file} is for another.</source>
        <translation>Keine Datei von {package} {version} auf dem Server {host} passt zu diesem System: {file} ist für ein anderes.</translation>
    </message>
    <message>
        <source>No reference for this card yet.{burst}</source>
        <translation>Noch kein Vergleichswert für diese Karte.{burst}</translation>
    </message>
    <message>
        <source>PCIe generation {generation} with {lanes} lanes, {speed:.1f} GB/s</source>
        <translation>PCIe-Generation {generation} mit {lanes} Lanes, {speed:.1f} GB/s</translation>
    </message>
    <message>
        <source>Packing Python {version}</source>
        <translation>Das Packen von Python {version}</translation>
    </message>
    <message>
        <source>Providing Python {version}</source>
        <translation>Das Bereitstellen von Python {version}</translation>
    </message>
    <message>
        <source>Python {python}</source>
        <translation>Python {python}</translation>
    </message>
    <message>
        <source>Python {python} is not on this computer.</source>
        <translation>Python {python} ist nicht auf diesem Computer.</translation>
    </message>
    <message>
        <source>Python {version} is not on this computer and could not be fetched.</source>
        <translation>Python {version} ist nicht auf diesem Computer und ließ sich nicht laden.</translation>
    </message>
    <message>
        <source>Python {version} is there: {path}</source>
        <translation>Python {version} ist da: {path}</translation>
    </message>
    <message>
        <source>Python {version} was installed but does not start.</source>
        <translation>Python {version} wurde installiert, startet aber nicht.</translation>
    </message>
    <message>
        <source>Reference: {source}, times the share that healthy cards reach ({low:.0%} to {high:.0%}, an estimate).{burst}</source>
        <translation>Vergleichswert: {source}, mal dem Anteil, den gesunde Karten erreichen ({low:.0%} bis {high:.0%}, geschätzt).{burst}</translation>
    </message>
    <message>
        <source>Reference: {source}.{burst}</source>
        <translation>Vergleichswert: {source}.{burst}</translation>
    </message>
    <message>
        <source>Take {packages} out of an older environment</source>
        <translation>{packages} aus einer älteren Umgebung nehmen</translation>
    </message>
    <message>
        <source>The Pythons of {hostname} would come without TLS, which is refused.</source>
        <translation>Die Pythons von {hostname} kämen ohne TLS, was abgelehnt wird.</translation>
    </message>
    <message>
        <source>The address of {file} on {host} is neither http nor https.</source>
        <translation>Die Adresse von {file} auf dem Server {host} ist weder http noch https.</translation>
    </message>
    <message>
        <source>The answer file {name} cannot be used, line {line}: {why}.</source>
        <translation>Die Antwortdatei {name} ist nicht zu gebrauchen, Zeile {line}: {why}.</translation>
    </message>
    <message>
        <source>The bundle {target} is of {names} for {platform}; expected one of {profile} for {family}.</source>
        <translation>Der Offline-Ordner {target} ist für {names} unter {platform}; erwartet wurde einer für {profile} unter {family}.</translation>
    </message>
    <message>
        <source>The bundle {target} was not finished; run the command bundle for it again.</source>
        <translation>Der Offline-Ordner {target} wurde nicht fertig; rufen Sie den Befehl bundle dafür noch einmal auf.</translation>
    </message>
    <message>
        <source>The card computed wrongly under load: {wrong}. An overclock, too little power or faulty memory does that.</source>
        <translation>Die Karte rechnete unter Last falsch: {wrong}. Das kommt von Übertaktung, zu wenig Strom oder defektem Speicher.</translation>
    </message>
    <message>
        <source>The card has {width:.0f} of {most:.0f} lanes</source>
        <translation>Die Karte hat {width:.0f} von {most:.0f} Lanes</translation>
    </message>
    <message>
        <source>The certificate bundle {bundle} could not be read.</source>
        <translation>Die Zertifikatssammlung {bundle} war nicht zu lesen.</translation>
    </message>
    <message>
        <source>The certificate of {host} has expired.</source>
        <translation>Das Zertifikat des Servers {host} ist abgelaufen.</translation>
    </message>
    <message>
        <source>The certificate of {host} is not valid yet.</source>
        <translation>Das Zertifikat des Servers {host} gilt noch nicht.</translation>
    </message>
    <message>
        <source>The certificate of {host} is self-signed and not trusted on this computer.</source>
        <translation>Das Zertifikat des Servers {host} ist selbst unterschrieben, und dieser Computer vertraut ihm nicht.</translation>
    </message>
    <message>
        <source>The certificate of {host} was issued by somebody whom this computer does not trust.</source>
        <translation>Das Zertifikat des Servers {host} stammt von jemandem, dem dieser Computer nicht vertraut.</translation>
    </message>
    <message>
        <source>The certificate that answered for {host} belongs to another name.</source>
        <translation>Das Zertifikat, das für den Server {host} antwortete, gehört zu einem anderen Namen.</translation>
    </message>
    <message>
        <source>The check “{check}” did not pass ({how}).</source>
        <translation>Die Prüfung „{check}“ wurde nicht bestanden ({how}).</translation>
    </message>
    <message>
        <source>The connection to {host} broke while {file} was fetched.</source>
        <translation>Die Verbindung zu {host} brach ab, während {file} geladen wurde.</translation>
    </message>
    <message>
        <source>The connection to {host} broke.</source>
        <translation>Die Verbindung zum Server {host} brach ab.</translation>
    </message>
    <message>
        <source>The disk is full: {path} could not be written.</source>
        <translation>Das Laufwerk ist voll: {path} konnte nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>The disk that holds {folder} is nearly full, so fetching was stopped.</source>
        <translation>Das Laufwerk von {folder} ist fast voll, daher wurde das Laden angehalten.</translation>
    </message>
    <message>
        <source>The earlier environment {previous} is no longer there, so {active} stays active.</source>
        <translation>Die frühere Umgebung {previous} gibt es nicht mehr, daher bleibt {active} aktiv.</translation>
    </message>
    <message>
        <source>The environment {environment} is there and starts.</source>
        <translation>Die Umgebung {environment} ist da und startet.</translation>
    </message>
    <message>
        <source>The files of the lock could not be found on {host}.</source>
        <translation>Die festgeschriebenen Dateien waren auf dem Server {host} nicht zu finden.</translation>
    </message>
    <message>
        <source>The fine-tune ran, but {wrong}.</source>
        <translation>Das Feintuning lief, aber: {wrong}.</translation>
    </message>
    <message>
        <source>The fine-tune stopped: {error}</source>
        <translation>Das Feintuning brach ab: {error}</translation>
    </message>
    <message>
        <source>The home folder {own} cannot be written; expected a folder that you may write to.</source>
        <translation>In den Ordner {own} lässt sich nicht schreiben; erwartet wird einer, in den Sie schreiben dürfen.</translation>
    </message>
    <message>
        <source>The index answered with the package {file}, which is not in the lock.</source>
        <translation>Der Index antwortete mit dem Paket {file}, das nicht in der Festschreibung steht.</translation>
    </message>
    <message>
        <source>The index gives a file of {package} {version} an address that cannot be read.</source>
        <translation>Der Index nennt für eine Datei von {package} {version} eine Adresse, die sich nicht lesen lässt.</translation>
    </message>
    <message>
        <source>The index gives {file} an address that is not taken: only https, or a file in a folder of the find-links setting.</source>
        <translation>Der Index nennt für {file} eine Adresse, die nicht angenommen wird: nur https oder eine Datei in einem Ordner der Einstellung find-links.</translation>
    </message>
    <message>
        <source>The index has no file for {missing}.</source>
        <translation>Der Index hat keine Datei für {missing}.</translation>
    </message>
    <message>
        <source>The index has no ready-built file (wheel) of {package} {version}.</source>
        <translation>Der Index hat keine fertige Datei (wheel) von {package} {version}.</translation>
    </message>
    <message>
        <source>The journal {path} cannot be read at line {number}: {error}.</source>
        <translation>Das Journal {path} ist in Zeile {number} nicht zu lesen: {error}.</translation>
    </message>
    <message>
        <source>The list of Pythons on {hostname} would come without TLS, which is refused.</source>
        <translation>Die Liste der Pythons auf {hostname} käme ohne TLS; das wird abgelehnt.</translation>
    </message>
    <message>
        <source>The list {list} in {target} cannot be read: {error}.</source>
        <translation>Die Liste {list} in {target} ist nicht zu lesen: {error}.</translation>
    </message>
    <message>
        <source>The list {list} names {path}; expected paths inside the bundle.</source>
        <translation>Die Liste {list} nennt {path}; erwartet werden Pfade im Offline-Ordner.</translation>
    </message>
    <message>
        <source>The lock has the line “{given}”; expected an exact pin as in “torch==2.4.0”.</source>
        <translation>In der Festschreibung steht die Zeile „{given}“; erwartet wird eine genaue Version wie „torch==2.4.0“.</translation>
    </message>
    <message>
        <source>The lock {file} cannot be read: {reason}.</source>
        <translation>Die Festschreibung {file} ist nicht zu lesen: {reason}.</translation>
    </message>
    <message>
        <source>The machine file {path} does not exist or cannot be read.</source>
        <translation>Die PC-Datei {path} gibt es nicht, oder sie ist nicht zu lesen.</translation>
    </message>
    <message>
        <source>The module {module} cannot be imported: {error}</source>
        <translation>Das Modul {module} lässt sich nicht importieren: {error}</translation>
    </message>
    <message>
        <source>The name {host} could not be resolved.</source>
        <translation>Der Name {host} ließ sich nicht auflösen.</translation>
    </message>
    <message>
        <source>The number of bits is {bits}; expected 4 or 16.</source>
        <translation>Die Zahl der Bits ist {bits}; erwartet wird 4 oder 16.</translation>
    </message>
    <message>
        <source>The plan names the part {part} of {profile}, which is not there for this system.</source>
        <translation>Der Plan nennt den Teil {part} von {profile}, den es für dieses System nicht gibt.</translation>
    </message>
    <message>
        <source>The plan needs {missing:.2f} GB more on {root}, but only {free:.2f} GB are free there.</source>
        <translation>Der Plan braucht auf {root} noch {missing:.2f} GB, dort sind aber nur {free:.2f} GB frei.</translation>
    </message>
    <message>
        <source>The pointer file {name} cannot be read: {error}. Expected the schema pointer/1.</source>
        <translation>Die Zeigerdatei {name} ist nicht zu lesen: {error}. Erwartet wird das Schema pointer/1.</translation>
    </message>
    <message>
        <source>The pointer file {name} names {value} in the field {field}; expected the name of a folder in envs.</source>
        <translation>Die Zeigerdatei {name} nennt im Feld {field} den Wert {value}; erwartet wird der Name eines Ordners in envs.</translation>
    </message>
    <message>
        <source>The profile {profile} has no lock for {platform}; expected one of its systems.</source>
        <translation>Das Profil {profile} hat keine Festschreibung für {platform}; erwartet wird eines seiner Systeme.</translation>
    </message>
    <message>
        <source>The proxy could not be used to reach {host}.</source>
        <translation>Über den Proxy war der Server {host} nicht zu erreichen.</translation>
    </message>
    <message>
        <source>The proxy wants a name and a password for {host}.</source>
        <translation>Der Proxy verlangt für den Server {host} Namen und Passwort.</translation>
    </message>
    <message>
        <source>The proxy {host} is of the kind {scheme}, which is not supported.</source>
        <translation>Der Proxy {host} ist von der Art {scheme}, die nicht unterstützt wird.</translation>
    </message>
    <message>
        <source>The proxy {proxy} could not be used to reach {host}: {cause}.</source>
        <translation>Über den Proxy {proxy} war der Server {host} nicht zu erreichen: {cause}.</translation>
    </message>
    <message>
        <source>The proxy {proxy} wants a name and a password for {host}.</source>
        <translation>Der Proxy {proxy} verlangt für {host} Namen und Passwort.</translation>
    </message>
    <message>
        <source>The result is wrong: {error}.</source>
        <translation>Das Ergebnis ist falsch: {error}.</translation>
    </message>
    <message>
        <source>The same product ran at {first:.0f} TFLOP/s first and at {again:.0f} in the end: cooling or power.</source>
        <translation>Dasselbe Produkt lief erst mit {first:.0f} TFLOP/s und am Ende mit {again:.0f}: Kühlung oder Leistung.</translation>
    </message>
    <message>
        <source>The slot ran at PCIe generation {generation:.0f}</source>
        <translation>Der Steckplatz lief mit PCIe-Generation {generation:.0f}</translation>
    </message>
    <message>
        <source>The {name} is {value}; expected a number from {low} to {high}.</source>
        <translation>Der Wert {name} ist {value}; erwartet wird eine Zahl von {low} bis {high}.</translation>
    </message>
    <message>
        <source>There is no environment {environment} for an entry in the menu; expected one, made by an install.</source>
        <translation>Es gibt keine Umgebung {environment} für einen Menüeintrag; erwartet wird eine aus einer Installation.</translation>
    </message>
    <message>
        <source>There is no environment {environment} to make a kernel for; expected one, made by an install.</source>
        <translation>Es gibt keine Umgebung {environment} für einen Kernel; erwartet wird eine aus einer Installation.</translation>
    </message>
    <message>
        <source>There is no environment {name} to verify; expected one of {known}.</source>
        <translation>Es gibt keine Umgebung {name}, die sich prüfen ließe; erwartet wurde eine von {known}.</translation>
    </message>
    <message>
        <source>There is no fix {remedy}; expected one of {remedies}.</source>
        <translation>Die Abhilfe {remedy} gibt es nicht; erwartet wird eine von {remedies}.</translation>
    </message>
    <message>
        <source>There is no way to {host} in the network.</source>
        <translation>Im Netz führt kein Weg zum Server {host}.</translation>
    </message>
    <message>
        <source>This computer allows no server on loopback: {reason}.</source>
        <translation>Dieser Computer erlaubt keinen Server auf loopback: {reason}.</translation>
    </message>
    <message>
        <source>This is a simulation of {simulated}: nothing can be taken back or removed on that computer.</source>
        <translation>Das ist eine Simulation von {simulated}: Auf jenem Computer lässt sich nichts zurücknehmen oder entfernen.</translation>
    </message>
    <message>
        <source>This torch has no code for every card: {complaints}, while it was built for {built}.</source>
        <translation>Dieses torch hat nicht für jede Karte Code: {complaints}, gebaut wurde es für {built}.</translation>
    </message>
    <message>
        <source>Unsloth cannot be imported: {error}</source>
        <translation>Unsloth lässt sich nicht importieren: {error}</translation>
    </message>
    <message>
        <source>Verify {profile}</source>
        <translation>{profile} prüfen</translation>
    </message>
    <message>
        <source>Version {version} is installed. Who asks for it: {by}.</source>
        <translation>Version {version} ist installiert. Wer es verlangt: {by}.</translation>
    </message>
    <message>
        <source>Version {version} says: {error} Newer Unsloth then takes PyTorch&apos;s own attention, which was checked and is right.</source>
        <translation>Version {version} sagt: {error} Neueres Unsloth nimmt dann PyTorchs eigene Attention, die geprüft und richtig ist.</translation>
    </message>
    <message>
        <source>bitsandbytes computes wrongly on this card: NF4 error {error:.3g} (0.05 to 0.15 is right), product error {product:.2g} (below 0.02), optimizer step {moved:.3g} (0.005 to 0.02).</source>
        <translation>bitsandbytes rechnet auf dieser Karte falsch: NF4-Fehler {error:.3g} (richtig ist 0,05 bis 0,15), Fehler des Produkts {product:.2g} (unter 0,02), Schritt des Optimierers {moved:.3g} (0,005 bis 0,02).</translation>
    </message>
    <message>
        <source>clean_up: there is no leftover {wanted}; the survey found {found}.</source>
        <translation>clean_up: {wanted} gibt es nicht; die Bestandsaufnahme fand {found}.</translation>
    </message>
    <message>
        <source>crashed: {how}, 0x{code:08X}</source>
        <translation>abgestürzt: {how}, 0x{code:08X}</translation>
    </message>
    <message>
        <source>exit code {code}</source>
        <translation>Exit-Code {code}</translation>
    </message>
    <message>
        <source>its CUDA {cuda} wants driver {wanted} or newer, and yours could not be read</source>
        <translation>ihr CUDA {cuda} braucht Treiber {wanted} oder neuer, und Ihrer ließ sich nicht lesen</translation>
    </message>
    <message>
        <source>memory bandwidth {bandwidth:.0f} GB/s</source>
        <translation>Speicherbandbreite {bandwidth:.0f} GB/s</translation>
    </message>
    <message>
        <source>not {positive}</source>
        <translation>nicht {positive}</translation>
    </message>
    <message>
        <source>profile: there is no profile {profile}; expected one of {profiles}</source>
        <translation>profile: das Profil {profile} gibt es nicht; erwartet wird eines von {profiles}</translation>
    </message>
    <message>
        <source>signal {number}</source>
        <translation>Signal {number}</translation>
    </message>
    <message>
        <source>signal {number}: {how}</source>
        <translation>Signal {number}: {how}</translation>
    </message>
    <message>
        <source>the adapter, loaded again, gives other logits (largest relative difference {difference:.2g})</source>
        <translation>der neu geladene Adapter ergibt andere Logits (größter relativer Unterschied {difference:.2g})</translation>
    </message>
    <message>
        <source>the adapter, loaded again, has not learned (loss {loss:.2f})</source>
        <translation>der neu geladene Adapter hat nichts gelernt (Verlust {loss:.2f})</translation>
    </message>
    <message>
        <source>the loss did not fall clearly ({first:.2f} to {last:.2f})</source>
        <translation>der Verlust fiel nicht deutlich ({first:.2f} auf {last:.2f})</translation>
    </message>
    <message>
        <source>there is no field {wanted}; the fields are {known}</source>
        <translation>das Feld {wanted} gibt es nicht; die Felder sind {known}</translation>
    </message>
    <message>
        <source>torch&apos;s attention is wrong: error {error:.2g}, allowed {limit:.2g}.</source>
        <translation>Die Attention von torch ist falsch: Fehler {error:.2g}, erlaubt {limit:.2g}.</translation>
    </message>
    <message>
        <source>torch&apos;s {source} was not found, so {file} cannot be made from it.</source>
        <translation>{source} von torch wurde nicht gefunden, daher lässt sich {file} nicht daraus machen.</translation>
    </message>
    <message>
        <source>uv was ended from outside, or crashed, while it looked for the files on {host}.</source>
        <translation>uv wurde von außen beendet oder stürzte ab, während es die Dateien auf dem Server {host} suchte.</translation>
    </message>
    <message>
        <source>xformers&apos; attention is wrong: error {error:.2g}, allowed {limit:.2g}.</source>
        <translation>Die Attention von xformers ist falsch: Fehler {error:.2g}, erlaubt {limit:.2g}.</translation>
    </message>
    <message>
        <source>your driver {own} runs CUDA {cuda} by NVIDIA&apos;s compatibility promise ({wanted} or newer is better)</source>
        <translation>Ihr Treiber {own} führt CUDA {cuda} nach NVIDIAs Kompatibilitätszusage aus (besser ist {wanted} oder neuer)</translation>
    </message>
    <message>
        <source>your driver {own} runs CUDA {cuda} directly ({wanted} or newer)</source>
        <translation>Ihr Treiber {own} führt CUDA {cuda} direkt aus ({wanted} oder neuer)</translation>
    </message>
    <message>
        <source>{address} is no proxy; expected http://host:port</source>
        <translation>{address} ist kein Proxy; erwartet wird http://host:port</translation>
    </message>
    <message>
        <source>{address} would come without TLS, which is refused; expected https://</source>
        <translation>{address} käme ohne TLS, was abgelehnt wird; erwartet wurde https://</translation>
    </message>
    <message>
        <source>{check} failed</source>
        <translation>{check} fehlgeschlagen</translation>
    </message>
    <message>
        <source>{count} files of the lock are in the wheelhouse.</source>
        <translation>{count} festgeschriebene Dateien liegen bereit.</translation>
    </message>
    <message>
        <source>{count} of {all} packages are not what the lock says: {named}.</source>
        <translation>{count} von {all} Paketen weichen von der Festschreibung ab: {named}.</translation>
    </message>
    <message>
        <source>{count} packages are installed as locked.</source>
        <translation>{count} Pakete sind wie festgeschrieben installiert.</translation>
    </message>
    <message>
        <source>{count} packages back into {python}</source>
        <translation>{count} Pakete zurück in {python}</translation>
    </message>
    <message>
        <source>{count} packages into the environment</source>
        <translation>{count} Pakete in die Umgebung</translation>
    </message>
    <message>
        <source>{environment} did not pass its verification, so it was not made active.</source>
        <translation>{environment} bestand die Prüfung nicht und wurde daher nicht aktiv.</translation>
    </message>
    <message>
        <source>{environment} is the active environment.</source>
        <translation>{environment} ist die aktive Umgebung.</translation>
    </message>
    <message>
        <source>{figure:.0f} TFLOP/s of its tensor units{extra}</source>
        <translation>{figure:.0f} TFLOP/s ihrer Tensor-Einheiten{extra}</translation>
    </message>
    <message>
        <source>{file} is there.</source>
        <translation>{file} ist da.</translation>
    </message>
    <message>
        <source>{folder} cannot be written: permission denied.</source>
        <translation>{folder} lässt sich nicht schreiben: keine Berechtigung.</translation>
    </message>
    <message>
        <source>{folder} holds torch {torch}</source>
        <translation>{folder} enthält torch {torch}</translation>
    </message>
    <message>
        <source>{free:.1f} GB. When it runs out, Windows lends main memory, which is far slower. Close what uses it.</source>
        <translation>{free:.1f} GB. Reicht er nicht, leiht Windows Arbeitsspeicher, der viel langsamer ist. Schließen Sie, was ihn benutzt.</translation>
    </message>
    <message>
        <source>{host} answered 429: too many requests.</source>
        <translation>Der Server {host} antwortete 429: zu viele Anfragen.</translation>
    </message>
    <message>
        <source>{host} answered with a page that lists no files of {what}: a sign-in page or a filter may be in between.</source>
        <translation>Der Server {host} antwortete mit einer Seite, die keine Dateien von {what} nennt: Vielleicht liegt eine Anmeldeseite oder ein Filter dazwischen.</translation>
    </message>
    <message>
        <source>{host} answered with a web page instead of a list of packages.</source>
        <translation>Der Server {host} antwortete mit einer Webseite statt mit einer Paketliste.</translation>
    </message>
    <message>
        <source>{host} answered with a web page instead of {file}.</source>
        <translation>Der Server {host} antwortete mit einer Webseite statt mit {file}.</translation>
    </message>
    <message>
        <source>{host} answered {what}: the server has trouble.</source>
        <translation>Der Server {host} antwortete {what}: Er hat eine Störung.</translation>
    </message>
    <message>
        <source>{host} closed the connection in the middle of {file}.</source>
        <translation>Der Server {host} schloss die Verbindung mitten in {file}.</translation>
    </message>
    <message>
        <source>{host} did not answer in time.</source>
        <translation>Der Server {host} antwortete nicht rechtzeitig.</translation>
    </message>
    <message>
        <source>{host} does not have the locked version of {what}.</source>
        <translation>Der Server {host} hat die festgeschriebene Version von {what} nicht.</translation>
    </message>
    <message>
        <source>{host} does not have the package {what}.</source>
        <translation>Der Server {host} hat das Paket {what} nicht.</translation>
    </message>
    <message>
        <source>{host} does not have {what}.</source>
        <translation>Der Server {host} hat {what} nicht.</translation>
    </message>
    <message>
        <source>{host} has no file of {what} for this system and Python.</source>
        <translation>Der Server {host} hat keine Datei von {what} für dieses System und Python.</translation>
    </message>
    <message>
        <source>{host} lists a file under an address that is not taken.</source>
        <translation>Der Server {host} nennt eine Datei unter einer Adresse, die nicht angenommen wird.</translation>
    </message>
    <message>
        <source>{host} offers a file with another SHA-256 than the lock names.</source>
        <translation>Der Server {host} bietet eine Datei mit einer anderen SHA-256 an, als festgeschrieben ist.</translation>
    </message>
    <message>
        <source>{host} offers the file “{file}” for {package} {version}, which is no name of a wheel of that package and version.</source>
        <translation>Der Server {host} bietet für {package} {version} die Datei „{file}“ an; so heißt kein fertiges Paket dieses Namens und dieser Version.</translation>
    </message>
    <message>
        <source>{host} offers {file} with another SHA-256 than the lock names.</source>
        <translation>Der Server {host} bietet {file} mit einer anderen SHA-256 an, als festgeschrieben ist.</translation>
    </message>
    <message>
        <source>{host} offers {file} with {found:,} bytes; the index says {wanted:,}.</source>
        <translation>Der Server {host} bietet {file} mit {found:,} Bytes an; der Index nennt {wanted:,}.</translation>
    </message>
    <message>
        <source>{host} offers {file} without TLS, which is refused.</source>
        <translation>Der Server {host} bietet {file} ohne TLS an; das wird abgelehnt.</translation>
    </message>
    <message>
        <source>{host} refuses access (403).</source>
        <translation>Der Server {host} verweigert den Zugriff (403).</translation>
    </message>
    <message>
        <source>{host} refuses the connection.</source>
        <translation>Der Server {host} verweigert die Verbindung.</translation>
    </message>
    <message>
        <source>{host} sends requests in a circle instead of answering.</source>
        <translation>Der Server {host} schickt Anfragen im Kreis, statt zu antworten.</translation>
    </message>
    <message>
        <source>{host} sends the request for {file} in a circle.</source>
        <translation>Der Server {host} schickt die Anfrage nach {file} im Kreis.</translation>
    </message>
    <message>
        <source>{host} sent another range of {file} than was asked for.</source>
        <translation>Der Server {host} sandte einen anderen Abschnitt von {file} als den verlangten.</translation>
    </message>
    <message>
        <source>{host} stopped sending ranges of {file}.</source>
        <translation>Der Server {host} sendet von {file} keine Abschnitte mehr.</translation>
    </message>
    <message>
        <source>{host} wants a name and a password (401).</source>
        <translation>Der Server {host} verlangt Namen und Passwort (401).</translation>
    </message>
    <message>
        <source>{host} would list packages without TLS, which is refused.</source>
        <translation>{host} würde Pakete ohne TLS nennen, was abgelehnt wird.</translation>
    </message>
    <message>
        <source>{limit:.0f} W instead of the card&apos;s {default:.0f} W. A tool, or the laptop&apos;s mode, has set it; less power means a lower clock.</source>
        <translation>{limit:.0f} W statt der {default:.0f} W der Karte. Ein Werkzeug oder der Modus des Laptops hat sie gesetzt; weniger Leistung heißt weniger Takt.</translation>
    </message>
    <message>
        <source>{missing:.2f} GB are still to be fetched into {folder}, but only {free:.2f} GB are free there.</source>
        <translation>{missing:.2f} GB sind noch nach {folder} zu laden, dort sind aber nur {free:.2f} GB frei.</translation>
    </message>
    <message>
        <source>{name} cannot be read as a zip file; expected a report of this program: {error}.</source>
        <translation>{name} lässt sich nicht als Zip-Datei lesen; erwartet wird ein Bericht dieses Programms: {error}.</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}. Expected a file.</source>
        <translation>{name} ist nicht zu lesen: {reason}. Erwartet wird eine Datei.</translation>
    </message>
    <message>
        <source>{name} from {host} is not the file that the lock names: its SHA-256 differs.</source>
        <translation>{name} vom Server {host} ist nicht die festgeschriebene Datei: Ihre SHA-256 ist eine andere.</translation>
    </message>
    <message>
        <source>{name} holds no {member}; expected a report of this program.</source>
        <translation>In {name} fehlt {member}; erwartet wird ein Bericht dieses Programms.</translation>
    </message>
    <message>
        <source>{name} in the bundle {target} is not in its list; take it away, or copy the bundle again.</source>
        <translation>{name} im Offline-Ordner {target} steht nicht in dessen Liste; nehmen Sie es heraus oder kopieren Sie den Ordner noch einmal.</translation>
    </message>
    <message>
        <source>{name} is empty: {why}</source>
        <translation>{name} ist leer: {why}</translation>
    </message>
    <message>
        <source>{name} is empty; expected a path.</source>
        <translation>{name} ist leer; erwartet wurde ein Pfad.</translation>
    </message>
    <message>
        <source>{name} is left out on purpose</source>
        <translation>{name} fehlt mit Absicht</translation>
    </message>
    <message>
        <source>{name} is not a machine file: a JSON object with &quot;schema&quot;: &quot;machine/1&quot; was expected.</source>
        <translation>{name} ist keine PC-Datei: Erwartet wird ein JSON-Objekt mit &quot;schema&quot;: &quot;machine/1&quot;.</translation>
    </message>
    <message>
        <source>{name} is not a machine file: it is not JSON ({error}).</source>
        <translation>{name} ist keine PC-Datei: Sie ist kein JSON ({error}).</translation>
    </message>
    <message>
        <source>{name} is not a machine file: it is not UTF-8 text.</source>
        <translation>{name} ist keine PC-Datei: Sie ist kein UTF-8-Text.</translation>
    </message>
    <message>
        <source>{name} is not a machine file: its values are nested too deeply.</source>
        <translation>{name} ist keine PC-Datei: Ihre Werte sind zu tief verschachtelt.</translation>
    </message>
    <message>
        <source>{name} is set to {value}</source>
        <translation>{name} ist auf {value} gesetzt</translation>
    </message>
    <message>
        <source>{name} was not found beside this program, where it belongs.</source>
        <translation>{name} liegt nicht neben diesem Programm, wohin es gehört.</translation>
    </message>
    <message>
        <source>{name} {locked} is missing from the environment.</source>
        <translation>{name} {locked} fehlt in der Umgebung.</translation>
    </message>
    <message>
        <source>{name}: line {number} of events.jsonl is not an event; expected one JSON object a line: {error}.</source>
        <translation>{name}: Zeile {number} von events.jsonl ist kein Ereignis; erwartet wird je Zeile ein JSON-Objekt: {error}.</translation>
    </message>
    <message>
        <source>{name}: report.json is not JSON; expected a report of this program: {error}.</source>
        <translation>{name}: report.json ist kein JSON; erwartet wird ein Bericht dieses Programms: {error}.</translation>
    </message>
    <message>
        <source>{name}: the field &quot;schema&quot; was expected to be &quot;machine/1&quot;, but is {found}.</source>
        <translation>{name}: Das Feld &quot;schema&quot; muss &quot;machine/1&quot; sein, ist aber {found}.</translation>
    </message>
    <message>
        <source>{name}: {member} is larger than {limit} MB; expected a report of this program.</source>
        <translation>{name}: {member} ist größer als {limit} MB; erwartet wird ein Bericht dieses Programms.</translation>
    </message>
    <message>
        <source>{name}: {path} cannot be found from here: {reason}. Give the whole path.</source>
        <translation>{name}: {path} ist von hier aus nicht zu finden: {reason}. Geben Sie den ganzen Pfad an.</translation>
    </message>
    <message>
        <source>{name}: {path} holds bytes that are no text; expected a path of letters and digits.</source>
        <translation>{name}: {path} enthält Bytes, die kein Text sind; erwartet wurde ein Pfad aus Buchstaben und Ziffern.</translation>
    </message>
    <message>
        <source>{path} cannot be moved away; expected a folder or file that the survey listed.</source>
        <translation>{path} lässt sich nicht wegräumen; erwartet wird ein Ordner oder eine Datei aus der Bestandsaufnahme.</translation>
    </message>
    <message>
        <source>{path} cannot be written: permission denied.</source>
        <translation>{path} lässt sich nicht schreiben: keine Berechtigung.</translation>
    </message>
    <message>
        <source>{path} could not be made: this Windows has no Start menu.</source>
        <translation>{path} ließ sich nicht anlegen: Dieses Windows hat kein Startmenü.</translation>
    </message>
    <message>
        <source>{path} could not be read or written: {reason}.</source>
        <translation>{path} ließ sich nicht lesen oder schreiben: {reason}.</translation>
    </message>
    <message>
        <source>{path} could not be written (0x{code:08X}).</source>
        <translation>{path} ließ sich nicht schreiben (0x{code:08X}).</translation>
    </message>
    <message>
        <source>{path} could not be written: {reason}.</source>
        <translation>{path} ließ sich nicht schreiben: {reason}.</translation>
    </message>
    <message>
        <source>{path} exists again, so the quarantined one stays where it is: {shelf}.</source>
        <translation>{path} gibt es inzwischen wieder, daher bleibt das Stück in der Quarantäne, wo es ist: {shelf}.</translation>
    </message>
    <message>
        <source>{path} in the bundle {target} differs from its list; copy it again.</source>
        <translation>{path} im Offline-Ordner {target} weicht von dessen Liste ab; kopieren Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{path} is in use by another program and could not be changed.</source>
        <translation>{path} wird von einem anderen Programm benutzt und ließ sich nicht ändern.</translation>
    </message>
    <message>
        <source>{path} is missing from the bundle {target}; copy it again.</source>
        <translation>{path} fehlt im Offline-Ordner {target}; kopieren Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{path} is not below the home folder {home}, so it is not removed.</source>
        <translation>{path} liegt nicht im Ordner {home} dieses Programms und wird daher nicht entfernt.</translation>
    </message>
    <message>
        <source>{program} could not be started: {reason}.</source>
        <translation>{program} ließ sich nicht starten: {reason}.</translation>
    </message>
    <message>
        <source>{program} did not end within {limit:.0f} s and was stopped.</source>
        <translation>{program} endete nicht innerhalb von {limit:.0f} s und wurde angehalten.</translation>
    </message>
    <message>
        <source>{python}, out of which packages are to be taken, does not start.</source>
        <translation>{python}, woraus Pakete entfernt werden sollen, startet nicht.</translation>
    </message>
    <message>
        <source>{python}, out of which the packages were taken, does not start any more.</source>
        <translation>{python}, woraus die Pakete genommen wurden, startet nicht mehr.</translation>
    </message>
    <message>
        <source>{reason}. This PC has a card that can do more.</source>
        <translation>{reason}. Dieser PC hat eine Karte, die mehr kann.</translation>
    </message>
    <message>
        <source>{saved} does not say which Python its packages belong to; expected “# PATH” as its first line.</source>
        <translation>{saved} sagt nicht, zu welchem Python die Pakete gehören; erwartet wird „# PFAD“ als erste Zeile.</translation>
    </message>
    <message>
        <source>{saved} is no saved list of packages; expected a file that the command uninstall lists.</source>
        <translation>{saved} ist keine gesicherte Paketliste; erwartet wird eine Datei, die der Befehl uninstall nennt.</translation>
    </message>
    <message>
        <source>{shelf} is no quarantined item; expected a folder that the command uninstall lists.</source>
        <translation>{shelf} liegt nicht in der Quarantäne; erwartet wurde ein Ordner, den der Befehl uninstall nennt.</translation>
    </message>
    <message>
        <source>{shelf} is no quarantined item; expected a folder with the file {file}.</source>
        <translation>{shelf} ist nichts aus der Quarantäne; erwartet wird ein Ordner mit der Datei {file}.</translation>
    </message>
    <message>
        <source>{source} is not there.</source>
        <translation>{source} ist nicht da.</translation>
    </message>
    <message>
        <source>{speed:.1f} TFLOP/s of its fp32 units</source>
        <translation>{speed:.1f} TFLOP/s ihrer fp32-Einheiten</translation>
    </message>
    <message>
        <source>{target} cannot be opened: a web address, or a folder or file that exists, was expected.</source>
        <translation>{target} lässt sich nicht öffnen: Erwartet wird eine Webadresse oder ein vorhandener Ordner, eine vorhandene Datei.</translation>
    </message>
    <message>
        <source>{target} could not be opened: {reason}.</source>
        <translation>{target} ließ sich nicht öffnen: {reason}.</translation>
    </message>
    <message>
        <source>{target} is no bundle; expected a folder with the file {list}.</source>
        <translation>{target} ist kein Offline-Ordner dieses Programms; erwartet wird ein Ordner mit der Datei {list}.</translation>
    </message>
    <message>
        <source>{target} is no folder; expected a new or empty one for the bundle.</source>
        <translation>{target} ist kein Ordner; für den Offline-Ordner wurde ein neuer oder leerer erwartet.</translation>
    </message>
    <message>
        <source>{what} failed ({ending}).</source>
        <translation>{what} scheiterte ({ending}).</translation>
    </message>
    <message>
        <source>{where}: {path} is not there</source>
        <translation>{where}: {path} ist nicht da</translation>
    </message>
    <message>
        <source>{subject}: access is refused.</source>
        <translation>{subject}: Der Zugriff wird verweigert.</translation>
    </message>
    <message>
        <source>{subject}: it wants a name and a password.</source>
        <translation>{subject}: Er verlangt Namen und Passwort.</translation>
    </message>
    <message>
        <source>{subject}: the file is not there.</source>
        <translation>{subject}: Die Datei ist nicht da.</translation>
    </message>
    <message>
        <source>{subject}: the server has trouble.</source>
        <translation>{subject}: Er hat eine Störung.</translation>
    </message>
    <message>
        <source>{subject}: too many requests.</source>
        <translation>{subject}: zu viele Anfragen.</translation>
    </message>
    <message>
        <source>{subject}, which was not expected.</source>
        <translation>{subject}, was nicht erwartet war.</translation>
    </message>
    <message>
        <source>{at} answered {status} for {name}</source>
        <translation>Der Server {at} antwortete {status} bei {name}</translation>
    </message>
    <message>
        <source> through the proxy {proxy}</source>
        <translation> über den Proxy {proxy}</translation>
    </message>
    <message>
        <source>{host} refuses the connection{via}, so {file} could not be fetched.</source>
        <translation>Der Server {host} verweigert die Verbindung{via}, daher ließ sich {file} nicht laden.</translation>
    </message>
    <message>
        <source>{host} did not answer in time{via} while {file} was fetched.</source>
        <translation>Der Server {host} antwortete{via} nicht rechtzeitig, während {file} geladen wurde.</translation>
    </message>
    <message>
        <source>There is no way to {host} in the network{via}.</source>
        <translation>Im Netz führt{via} kein Weg zum Server {host}.</translation>
    </message>
    <message>
        <source>{names} and {count} more</source>
        <translation>{names} und {count} weitere</translation>
    </message>
    <message>
        <source>{paths} and {count} more</source>
        <translation>{paths} und {count} weitere</translation>
    </message>
    <message>
        <source>{title} (no hash on record for {packages}: taken from the index over TLS)</source>
        <translation>{title} (für {packages} ist keine Prüfsumme bekannt: über TLS vom Index geholt)</translation>
    </message>
    <message>
        <source>{name} {found} was added and is not in the lock.{done_by}</source>
        <translation>{name} {found} kam dazu und steht nicht in der Festschreibung.{done_by}</translation>
    </message>
    <message>
        <source>{name} is {found}; the lock has {locked}.{done_by}</source>
        <translation>{name} ist {found}; festgeschrieben ist {locked}.{done_by}</translation>
    </message>
    <message>
        <source>{address} is no address; expected one that begins with https:// or file://{alternative}</source>
        <translation>{address} ist keine Adresse; erwartet wird eine, die mit https:// oder file:// beginnt{alternative}</translation>
    </message>
    <message>
        <source>, or a file</source>
        <translation>, oder eine Datei</translation>
    </message>
    <message>
        <source>, or a folder</source>
        <translation>, oder ein Ordner</translation>
    </message>
    <message>
        <source>In the way: {title}.</source>
        <translation>Im Weg: {title}.</translation>
    </message>
    <message>
        <source>Choose another folder with --home.</source>
        <translation>Wählen Sie mit --home einen anderen Ordner.</translation>
    </message>
    <message>
        <source>{name} is larger than {limit} GB; expected a shorter file.</source>
        <translation>{name} ist größer als {limit} GB; erwartet wurde eine kürzere Datei.</translation>
    </message>
    <message>
        <source>1 file of the lock is in the wheelhouse.</source>
        <translation>1 Datei der Festschreibung ist im Paketordner.</translation>
    </message>
    <message>
        <source>1 package is installed as locked.</source>
        <translation>1 Paket ist wie festgeschrieben installiert.</translation>
    </message>
    <message>
        <source>1 package back into {python}</source>
        <translation>1 Paket zurück nach {python}</translation>
    </message>
    <message>
        <source>a package</source>
        <translation>ein Paket</translation>
    </message>
    <message>
        <source>In a terminal of your own: . {sh}</source>
        <translation>In einem eigenen Terminal: . {sh}</translation>
    </message>
    <message>
        <source> Mended in {package} {fixed_in}.</source>
        <translation> Behoben in {package} {fixed_in}.</translation>
    </message>
    <message>
        <source> That is another main version: scripts may need changes.</source>
        <translation> Das ist eine andere Hauptversion: Skripte müssen vielleicht geändert werden.</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; is empty</source>
        <translation>&apos;{name}&apos; ist leer</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; is not a list of messages</source>
        <translation>&apos;{name}&apos; ist keine Liste von Nachrichten</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; is not a list of pairs of question and answer</source>
        <translation>&apos;{name}&apos; ist keine Liste von Paaren aus Frage und Antwort</translation>
    </message>
    <message>
        <source>, licence {licence}</source>
        <translation>, Lizenz {licence}</translation>
    </message>
    <message>
        <source>--output: the folder {output} is not empty; expected one that is new or empty.</source>
        <translation>--output: Der Ordner {output} ist nicht leer; erwartet wird ein neuer oder leerer.</translation>
    </message>
    <message>
        <source>--output: {output} is a file; expected a folder that is new or empty.</source>
        <translation>--output: {output} ist eine Datei; erwartet wird ein neuer oder leerer Ordner.</translation>
    </message>
    <message>
        <source>--overwrite replaces files of the same names and leaves all others.</source>
        <translation>--overwrite ersetzt Dateien gleichen Namens und lässt alle anderen stehen.</translation>
    </message>
    <message>
        <source>--overwrite writes into it all the same; --resume goes on with a run.</source>
        <translation>--overwrite schreibt trotzdem hinein; --resume macht mit einem Lauf weiter.</translation>
    </message>
    <message>
        <source>--update adds profiles to a bundle of the same system.</source>
        <translation>--update fügt einem Offline-Ordner für dasselbe System Profile hinzu.</translation>
    </message>
    <message>
        <source>36 runs on an H100 and an H200; 8B, batch 2, 2048 tokens: 7.1 GB in the allocator.</source>
        <translation>36 Läufe auf einer H100 und einer H200; 8B, Batch 2, 2048 Token: 7,1 GB im Allokator.</translation>
    </message>
    <message>
        <source>: all {count} are bad, the first in line {line}: {reason}</source>
        <translation>: alle {count} sind fehlerhaft, die erste in Zeile {line}: {reason}</translation>
    </message>
    <message>
        <source>; security advisories on its versions: {count}, the gravest {grave:g} of 10</source>
        <translation>; Sicherheitsmeldungen zu ihren Versionen: {count}, die schwerste {grave:g} von 10</translation>
    </message>
    <message>
        <source>A GGUF: the program that reads it (llama.cpp, Ollama) must be newer than the model; update that one</source>
        <translation>Ein GGUF: Das Programm, das es liest (llama.cpp, Ollama), muss neuer sein als das Modell; aktualisieren Sie dieses</translation>
    </message>
    <message>
        <source>A Modelfile needs the template in Ollama&apos;s own form and the right stop words. A Jinja template from tokenizer_config.json is another language, and without stop words the answer does not end.</source>
        <translation>Ein Modelfile braucht die Vorlage in Ollamas eigener Form und die richtigen Stoppwörter. Eine Jinja-Vorlage aus tokenizer_config.json ist eine andere Sprache, und ohne Stoppwörter endet die Antwort nicht.</translation>
    </message>
    <message>
        <source>A base model with a chat template: take the instruct model</source>
        <translation>Ein Basismodell mit Chatvorlage: Nehmen Sie das Instruct-Modell</translation>
    </message>
    <message>
        <source>A card of {power:.0f} W does not hold its boost clock under load; not compared.</source>
        <translation>Eine Karte mit {power:.0f} W hält ihren Boost-Takt unter Last nicht; nicht verglichen.</translation>
    </message>
    <message>
        <source>A card that also draws the screen has a watchdog: when one computation blocks it longer than a few seconds, the system resets the driver, and the program loses its card.</source>
        <translation>Eine Karte, die auch den Bildschirm zeichnet, hat eine Zeitüberwachung: Blockiert eine Berechnung sie länger als ein paar Sekunden, setzt das System den Treiber zurück, und das Programm verliert seine Karte.</translation>
    </message>
    <message>
        <source>A column cannot be mapped to {role}; expected one of {roles}.</source>
        <translation>Einer Spalte lässt sich {role} nicht zuordnen; erwartet wird eines von {roles}.</translation>
    </message>
    <message>
        <source>A compiled kernel is too large for this card</source>
        <translation>Ein übersetzter Kernel ist für diese Karte zu groß</translation>
    </message>
    <message>
        <source>A count at Hugging Face did not answer, and Unsloth stopped for it</source>
        <translation>Eine Zählung bei Hugging Face antwortete nicht, und Unsloth hielt deswegen an</translation>
    </message>
    <message>
        <source>A file of weights ends too early, or holds something else (a pointer of Git LFS, an error page). Its download or copy was cut off. The environment is not at fault.</source>
        <translation>Eine Datei mit Gewichten endet zu früh oder enthält etwas anderes (einen Zeiger von Git LFS, eine Fehlerseite). Ihr Download oder ihre Kopie wurde abgebrochen. An der Umgebung liegt es nicht.</translation>
    </message>
    <message>
        <source>A file of yours has the name of a package and hides it</source>
        <translation>Eine Ihrer Dateien heißt wie ein Paket und verdeckt es</translation>
    </message>
    <message>
        <source>A file or folder was there already when it was about to be made (error 183): usually a second run, window or worker was at the same place at the same time.</source>
        <translation>Eine Datei oder ein Ordner war schon da, als er angelegt werden sollte (Fehler 183): Meist war ein zweiter Lauf, ein zweites Fenster oder ein Arbeitsprozess zur selben Zeit an derselben Stelle.</translation>
    </message>
    <message>
        <source>A file that you copied: compare its size with the source, and copy it again</source>
        <translation>Eine Datei, die Sie kopiert haben: Vergleichen Sie ihre Größe mit der Quelle und kopieren Sie sie noch einmal</translation>
    </message>
    <message>
        <source>A folder below Documents or Desktop: choose another one, for Controlled folder access protects these</source>
        <translation>Ein Ordner unter Dokumente oder Desktop: Wählen Sie einen anderen, denn der überwachte Ordnerzugriff schützt diese</translation>
    </message>
    <message>
        <source>A home of your own (--home) takes packages of your own.</source>
        <translation>Ein eigener Ordner für alles (--home) nimmt eigene Pakete auf.</translation>
    </message>
    <message>
        <source>A mirror: set the variable HF_ENDPOINT to its address. Notebook, before any import: import os; os.environ[&quot;HF_ENDPOINT&quot;] = &quot;https://ADDRESS&quot;; PowerShell: $env:HF_ENDPOINT = &quot;https://ADDRESS&quot;</source>
        <translation>Ein Spiegel: Setzen Sie die Variable HF_ENDPOINT auf seine Adresse. Notebook, vor jedem Import: import os; os.environ[&quot;HF_ENDPOINT&quot;] = &quot;https://ADRESSE&quot;; PowerShell: $env:HF_ENDPOINT = &quot;https://ADRESSE&quot;</translation>
    </message>
    <message>
        <source>A model file is not whole</source>
        <translation>Eine Modelldatei ist nicht vollständig</translation>
    </message>
    <message>
        <source>A model of the Hub: hf download NAME --force-download in the terminal that this program opens, or load with force_download=True</source>
        <translation>Ein Modell vom Hub: hf download NAME --force-download im Terminal, das dieses Programm öffnet, oder mit force_download=True laden</translation>
    </message>
    <message>
        <source>A name of the Hub is written OWNER/NAME</source>
        <translation>Ein Name auf dem Hub wird BESITZER/NAME geschrieben</translation>
    </message>
    <message>
        <source>A part of Unsloth, or a library that it changes, was imported before unsloth itself. The message to install it is misleading.</source>
        <translation>Ein Teil von Unsloth oder eine Bibliothek, die es verändert, wurde vor unsloth selbst importiert. Die Meldung, man solle es installieren, führt in die Irre.</translation>
    </message>
    <message>
        <source>A policy of this computer does not allow the file to run</source>
        <translation>Eine Richtlinie dieses Computers erlaubt nicht, die Datei auszuführen</translation>
    </message>
    <message>
        <source>A relative name counts from the folder in which the script was started: give the whole path</source>
        <translation>Ein relativer Name zählt von dem Ordner aus, in dem das Skript gestartet wurde: Geben Sie den ganzen Pfad an</translation>
    </message>
    <message>
        <source>A row or file of the training data lacks a column, holds another kind of value, or is not written in the form (JSON, CSV, UTF-8) that its name says. The environment is not at fault.</source>
        <translation>Einer Zeile oder Datei der Trainingsdaten fehlt eine Spalte, sie enthält eine andere Art von Wert, oder sie ist nicht in der Form (JSON, CSV, UTF-8) geschrieben, die ihr Name nennt. An der Umgebung liegt es nicht.</translation>
    </message>
    <message>
        <source>A scanner took a file for harmful and blocked it or took it away, or Controlled folder access keeps programs from writing. For packages from the index this is mostly a false alarm.</source>
        <translation>Ein Scanner hielt eine Datei für schädlich und sperrte oder entfernte sie, oder der überwachte Ordnerzugriff hält Programme vom Schreiben ab. Bei Paketen vom Index ist das meist ein Fehlalarm.</translation>
    </message>
    <message>
        <source>A scanner&apos;s exclusions do not help, and neither does installing again</source>
        <translation>Ausschlüsse eines Scanners helfen nicht, und noch einmal zu installieren auch nicht</translation>
    </message>
    <message>
        <source>A script of your own: write its rows into a JSON Lines file once, and load that</source>
        <translation>Ein eigenes Skript: Schreiben Sie seine Zeilen einmal in eine JSON-Lines-Datei, und laden Sie diese</translation>
    </message>
    <message>
        <source>A server with NVSwitch: the service nvidia-fabricmanager must run, in the driver&apos;s own version</source>
        <translation>Ein Server mit NVSwitch: Der Dienst nvidia-fabricmanager muss laufen, in genau der Version des Treibers</translation>
    </message>
    <message>
        <source>A tensor in main memory was handed to the card</source>
        <translation>Der Karte wurde ein Tensor im Arbeitsspeicher übergeben</translation>
    </message>
    <message>
        <source>A variable HF_TOKEN wins over the login: look for it in the script, the notebook&apos;s secrets, and with echo $env:HF_TOKEN (PowerShell) or echo $HF_TOKEN (Linux)</source>
        <translation>Eine Variable HF_TOKEN geht der Anmeldung vor: Suchen Sie sie im Skript, in den Geheimnissen (Secrets) des Notebooks und mit echo $env:HF_TOKEN (PowerShell) oder echo $HF_TOKEN (Linux)</translation>
    </message>
    <message>
        <source>A virtual machine or vGPU: its administrator decides what the card may do</source>
        <translation>Eine virtuelle Maschine oder vGPU: Ihr Administrator entscheidet, was die Karte darf</translation>
    </message>
    <message>
        <source>A virus scanner blocked a file</source>
        <translation>Ein Virenscanner hat eine Datei gesperrt</translation>
    </message>
    <message>
        <source>A whole drive cannot be this program&apos;s folder, which replaces and deletes files in it; take a subfolder such as {home.subfolder}.</source>
        <translation>Ein ganzes Laufwerk kann nicht der Ordner dieses Programms sein, denn es ersetzt und löscht Dateien darin; nehmen Sie einen Unterordner wie {home.subfolder}.</translation>
    </message>
    <message>
        <source>A word for the shell holds a zero byte; expected text.</source>
        <translation>Ein Wort für die Shell enthält ein Nullbyte; erwartet wird Text.</translation>
    </message>
    <message>
        <source>About {one} to download and {two} on disk.</source>
        <translation>Etwa {one} zu laden und {two} auf der Platte.</translation>
    </message>
    <message>
        <source>Add packages on the page Ready, or in the terminal that this program opens: there python and pip are those of the environment.</source>
        <translation>Fügen Sie Pakete auf der Seite Bereit hinzu oder im Terminal, das dieses Programm öffnet: Dort sind python und pip die der Umgebung.</translation>
    </message>
    <message>
        <source>All packages of the list are in {python}.</source>
        <translation>Alle Pakete der Liste sind in {python}.</translation>
    </message>
    <message>
        <source>Always write python -m pip install NAME, with the same python that runs the script</source>
        <translation>Schreiben Sie immer python -m pip install NAME, mit demselben python, das das Skript ausführt</translation>
    </message>
    <message>
        <source>An adapter alone (save_pretrained) can be loaded, but training starts again from it</source>
        <translation>Ein Adapter allein (save_pretrained) lässt sich laden, aber das Training beginnt von ihm aus neu</translation>
    </message>
    <message>
        <source>An environment made by uv has no pip: uv pip install --python PATH NAME</source>
        <translation>Eine von uv angelegte Umgebung hat kein pip: uv pip install --python PFAD NAME</translation>
    </message>
    <message>
        <source>An older setup</source>
        <translation>Eine ältere Einrichtung</translation>
    </message>
    <message>
        <source>Another version may fit; or make an environment of its own for it.</source>
        <translation>Vielleicht passt eine andere Version; oder legen Sie dafür eine eigene Umgebung an.</translation>
    </message>
    <message>
        <source>Answers that never end: add PARAMETER stop &quot;&lt;|im_end|&gt;&quot; (Qwen), &quot;&lt;|eot_id|&gt;&quot; (Llama 3) or &quot;&lt;end_of_turn&gt;&quot; (Gemma)</source>
        <translation>Antworten, die nie enden: Ergänzen Sie PARAMETER stop &quot;&lt;|im_end|&gt;&quot; (Qwen), &quot;&lt;|eot_id|&gt;&quot; (Llama 3) oder &quot;&lt;end_of_turn&gt;&quot; (Gemma)</translation>
    </message>
    <message>
        <source>Ask for less at a time: halve the batch size, and let another adapter draw the screen if the computer has one.</source>
        <translation>Verlangen Sie weniger auf einmal: Halbieren Sie die Batchgröße, und lassen Sie eine andere Grafikkarte den Bildschirm zeichnen, falls der Computer eine hat.</translation>
    </message>
    <message>
        <source>Ask whoever looks after this computer to allow the folder of this program; on your own computer look whether Smart App Control is on.</source>
        <translation>Bitten Sie, wer diesen Computer betreut, den Ordner dieses Programms zu erlauben; auf dem eigenen Computer sehen Sie nach, ob Smart App Control an ist.</translation>
    </message>
    <message>
        <source>Both power plugs of the card must come from their own cables; an external case: another cable, no hub</source>
        <translation>Beide Stromstecker der Karte müssen von eigenen Kabeln kommen; ein externes Gehäuse: ein anderes Kabel, kein Hub</translation>
    </message>
    <message>
        <source>CSV: texts with commas stand in quotes, or another separator is named (sep=&quot;;&quot;)</source>
        <translation>CSV: Texte mit Kommas stehen in Anführungszeichen, oder ein anderes Trennzeichen wird genannt (sep=&quot;;&quot;)</translation>
    </message>
    <message>
        <source>CUDA does not start although the driver is there</source>
        <translation>CUDA startet nicht, obwohl der Treiber da ist</translation>
    </message>
    <message>
        <source>CVE-2025-32434 (9.3) concerns PyTorch up to 2.5.1, CVE-2026-24747 (8.8) up to 2.9; CVE-2025-3000 concerns every setup for cards here, up to 2.12.1.</source>
        <translation>CVE-2025-32434 (9.3) betrifft PyTorch bis 2.5.1, CVE-2026-24747 (8.8) bis 2.9; CVE-2025-3000 betrifft hier jede Einrichtung für Karten, bis 2.12.1.</translation>
    </message>
    <message>
        <source>Chats: a list of {&quot;role&quot;: ..., &quot;content&quot;: ...}; standardize_sharegpt turns from/value into it</source>
        <translation>Chats: eine Liste von {&quot;role&quot;: ..., &quot;content&quot;: ...}; standardize_sharegpt macht sie aus from/value</translation>
    </message>
    <message>
        <source>Check scripts</source>
        <translation>Skripte prüfen</translation>
    </message>
    <message>
        <source>Check the address, the proxy and the network, then test again.</source>
        <translation>Prüfen Sie die Adresse, den Proxy und das Netz, und testen Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Choose a folder in your own profile or on a drive of yours, such as UnslothSetup.</source>
        <translation>Wählen Sie einen Ordner in Ihrem eigenen Profil oder auf einem eigenen Laufwerk, etwa UnslothSetup.</translation>
    </message>
    <message>
        <source>Choose a folder of its own below it, such as {home.subfolder}.</source>
        <translation>Wählen Sie darunter einen eigenen Ordner, etwa {home.subfolder}.</translation>
    </message>
    <message>
        <source>Choose a folder on a disk of this PC.</source>
        <translation>Wählen Sie einen Ordner auf einem Laufwerk dieses PCs.</translation>
    </message>
    <message>
        <source>Choose a folder on that drive, such as {home.subfolder}.</source>
        <translation>Wählen Sie einen Ordner auf jenem Laufwerk, etwa {home.subfolder}.</translation>
    </message>
    <message>
        <source>Choose a folder that is there, then test again.</source>
        <translation>Wählen Sie einen Ordner, den es gibt, und testen Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Choose a real folder for this program, for example C:\unsloth, not one that is a link to elsewhere.</source>
        <translation>Wählen Sie für dieses Programm einen echten Ordner, zum Beispiel C:\unsloth, und keinen, der eine Verknüpfung auf eine andere Stelle ist.</translation>
    </message>
    <message>
        <source>Choose an empty folder, or a new one such as {home.subfolder}.</source>
        <translation>Wählen Sie einen leeren Ordner oder einen neuen, etwa {home.subfolder}.</translation>
    </message>
    <message>
        <source>Choose one card before the program starts: set the variable CUDA_VISIBLE_DEVICES to its number, usually 0.</source>
        <translation>Wählen Sie eine Karte, bevor das Programm startet: Setzen Sie die Variable CUDA_VISIBLE_DEVICES auf ihre Nummer, meist 0.</translation>
    </message>
    <message>
        <source>Clean-up, kernel and menu entry</source>
        <translation>Aufräumen, Kernel und Menüeintrag</translation>
    </message>
    <message>
        <source>Cloned with Git: git lfs install, then git lfs pull in the model&apos;s folder</source>
        <translation>Mit Git geklont: git lfs install, dann git lfs pull im Ordner des Modells</translation>
    </message>
    <message>
        <source>Close every other program that uses the card and restart the computer (restart, not shut down: fast startup keeps a broken driver).</source>
        <translation>Schließen Sie jedes andere Programm, das die Karte benutzt, und starten Sie den Computer neu (neu starten, nicht herunterfahren: Der Schnellstart behält einen kaputten Treiber).</translation>
    </message>
    <message>
        <source>Close other programs; on Windows let the system manage the page file</source>
        <translation>Schließen Sie andere Programme; lassen Sie unter Windows die Auslagerungsdatei vom System verwalten</translation>
    </message>
    <message>
        <source>Close the second window or run, then start again.</source>
        <translation>Schließen Sie das zweite Fenster oder den zweiten Lauf, und starten Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Close what uses it, then try again.</source>
        <translation>Schließen Sie, was es benutzt, und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Copy the model, the data and the environment into the Linux file system, for example into your home folder, and start from there.</source>
        <translation>Kopieren Sie das Modell, die Daten und die Umgebung ins Linux-Dateisystem, zum Beispiel in Ihren Benutzerordner, und starten Sie von dort.</translation>
    </message>
    <message>
        <source>Correct the address, then test again.</source>
        <translation>Berichtigen Sie die Adresse, und testen Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Data: {rows}</source>
        <translation>Daten: {rows}</translation>
    </message>
    <message>
        <source>Delete many small files there (df -i shows the count), or choose another folder.</source>
        <translation>Löschen Sie dort viele kleine Dateien (df -i zeigt die Zahl), oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>Delete the TEMPLATE part, and run ollama create again</source>
        <translation>Löschen Sie den Teil TEMPLATE, und führen Sie ollama create noch einmal aus</translation>
    </message>
    <message>
        <source>Delete the file to start with an empty list.</source>
        <translation>Löschen Sie die Datei, um mit einer leeren Liste zu beginnen.</translation>
    </message>
    <message>
        <source>Docker or Podman knows no way to give an NVIDIA card to a container: the NVIDIA Container Toolkit is not installed on the host, or the container program was not set up for it. The host&apos;s driver may be in order: nvidia-smi on the host tells.</source>
        <translation>Docker oder Podman weiß nicht, wie es einem Container eine NVIDIA-Karte geben kann: Das NVIDIA Container Toolkit ist auf dem Host nicht installiert, oder das Container-Programm wurde nicht dafür eingerichtet. Der Treiber des Hosts kann in Ordnung sein: nvidia-smi auf dem Host sagt es.</translation>
    </message>
    <message>
        <source>Docker: sudo nvidia-ctk runtime configure --runtime=docker, then restart Docker; Podman: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml</source>
        <translation>Docker: sudo nvidia-ctk runtime configure --runtime=docker, dann Docker neu starten; Podman: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml</translation>
    </message>
    <message>
        <source>Drivers from 590 on no longer serve cards of the generations Maxwell, Pascal and Volta (GTX 900 and 10, Titan V, Tesla P and V). The driver is installed and passes the card over.</source>
        <translation>Treiber ab 590 bedienen Karten der Generationen Maxwell, Pascal und Volta nicht mehr (GTX 900 und 10, Titan V, Tesla P und V). Der Treiber ist installiert und übergeht die Karte.</translation>
    </message>
    <message>
        <source>Drivers, cards, releases and security advisories were last looked up for use until {program.fresh_until}. What is proposed was right then; newer cards, models and advisories are missing.</source>
        <translation>Treiber, Karten, Ausgaben und Sicherheitsmeldungen wurden zuletzt für den Gebrauch bis {program.fresh_until} nachgesehen. Was vorgeschlagen wird, war damals richtig; neuere Karten, Modelle und Meldungen fehlen.</translation>
    </message>
    <message>
        <source>Each card gives a kernel so many bytes of fast memory (64 KB on Turing, 99 KB on most RTX 30 and 40). This kernel was laid out for a larger card. The card&apos;s main memory, batch and context have nothing to do with it.</source>
        <translation>Jede Karte gibt einem Kernel nur so viele Bytes schnellen Speicher (64 KB bei Turing, 99 KB bei den meisten RTX 30 und 40). Dieser Kernel war für eine größere Karte ausgelegt. Der Hauptspeicher der Karte, Batch und Kontext haben nichts damit zu tun.</translation>
    </message>
    <message>
        <source>Each worker process and each tensor that is handed between processes keeps a file open, and the system allows this account only so many (often 1024 on Linux). No worker crashed by itself, and memory is not the reason.</source>
        <translation>Jeder Arbeitsprozess und jeder Tensor, der zwischen Prozessen übergeben wird, hält eine Datei offen, und das System erlaubt diesem Konto nur eine bestimmte Zahl (unter Linux oft 1024). Kein Arbeitsprozess ist von selbst abgestürzt, und am Speicher liegt es nicht.</translation>
    </message>
    <message>
        <source>Environment {name}</source>
        <translation>Umgebung {name}</translation>
    </message>
    <message>
        <source>Every setup offered here needs a driver for CUDA 12: 528.33 of January 2023 or later on Windows, 525.60.13 of December 2022 or later on Linux.</source>
        <translation>Jede hier angebotene Einrichtung braucht einen Treiber für CUDA 12: 528.33 vom Januar 2023 oder neuer unter Windows, 525.60.13 vom Dezember 2022 oder neuer unter Linux.</translation>
    </message>
    <message>
        <source>Export of {run} as {kind}</source>
        <translation>Export von {run} als {kind}</translation>
    </message>
    <message>
        <source>Fetch this one file again: delete it (the message or the lines above name it) and load the model once more.</source>
        <translation>Laden Sie diese eine Datei neu: Löschen Sie sie (die Meldung oder die Zeilen darüber nennen sie), und laden Sie das Modell noch einmal.</translation>
    </message>
    <message>
        <source>Fetched models</source>
        <translation>Geladene Modelle</translation>
    </message>
    <message>
        <source>Fetched packages</source>
        <translation>Geladene Pakete</translation>
    </message>
    <message>
        <source>Files of the packages lie up to 217 characters deeper, and Windows stops at 259 unless long paths are switched on.</source>
        <translation>Dateien der Pakete liegen bis zu 217 Zeichen tiefer, und Windows hört bei 259 auf, wenn lange Pfade nicht eingeschaltet sind.</translation>
    </message>
    <message>
        <source>Files of the packages lie up to 217 characters deeper. Whether this Windows allows more than 259 could not be found out.</source>
        <translation>Dateien der Pakete liegen bis zu 217 Zeichen tiefer. Ob dieses Windows mehr als 259 erlaubt, ließ sich nicht herausfinden.</translation>
    </message>
    <message>
        <source>For a model that is newer, take a newer setup if one is offered for this card.</source>
        <translation>Für ein neueres Modell nehmen Sie eine neuere Einrichtung, falls für diese Karte eine angeboten wird.</translation>
    </message>
    <message>
        <source>From Windows that folder is \\wsl.localhost\DISTRIBUTION\home</source>
        <translation>Von Windows aus ist dieser Ordner \\wsl.localhost\DISTRIBUTION\home</translation>
    </message>
    <message>
        <source>From release 4 on, datasets reads data files only. This data set is a loading script, so it is refused whatever trust_remote_code says.</source>
        <translation>Ab Ausgabe 4 liest datasets nur noch Datendateien. Dieser Datensatz ist ein Ladeskript und wird daher abgelehnt, was auch immer trust_remote_code sagt.</translation>
    </message>
    <message>
        <source>GGUF needs llama.cpp, and of no build of it does this program know a hash, so none is fetched (hash unknown).</source>
        <translation>GGUF braucht llama.cpp, und von keiner Fassung davon kennt dieses Programm eine Prüfsumme, daher wird keine geladen (Prüfsumme unbekannt).</translation>
    </message>
    <message>
        <source>Give it less of the memory: maximum_memory_usage = 0.5</source>
        <translation>Geben Sie ihm weniger vom Speicher: maximum_memory_usage = 0.5</translation>
    </message>
    <message>
        <source>Give the address with https.</source>
        <translation>Geben Sie die Adresse mit https an.</translation>
    </message>
    <message>
        <source>Go back to a driver of the branch 580 (or 570). A newer driver makes it worse.</source>
        <translation>Gehen Sie zu einem Treiber des Zweigs 580 (oder 570) zurück. Ein neuerer Treiber macht es schlimmer.</translation>
    </message>
    <message>
        <source>Going back to datasets 3 breaks the setup&apos;s pins: do that in an environment of its own</source>
        <translation>Die Rückkehr zu datasets 3 bricht mit den festgeschriebenen Versionen der Einrichtung: Tun Sie das in einer eigenen Umgebung</translation>
    </message>
    <message>
        <source>Halve the learning rate, and set max_grad_norm to 0.3</source>
        <translation>Halbieren Sie die Lernrate, und setzen Sie max_grad_norm auf 0.3</translation>
    </message>
    <message>
        <source>If it stays with one run only: a file stands where a folder of that name is wanted; rename it</source>
        <translation>Bleibt es auch bei nur einem Lauf: Eine Datei steht da, wo ein Ordner dieses Namens hinsoll; benennen Sie sie um</translation>
    </message>
    <message>
        <source>If the model itself did not fit and was put partly into main memory: load it in 4 bit, or take a smaller one</source>
        <translation>Wenn schon das Modell nicht hineinpasste und teils in den Arbeitsspeicher kam: Laden Sie es in 4 Bit, oder nehmen Sie ein kleineres</translation>
    </message>
    <message>
        <source>In a notebook restart the kernel afterwards: imports of the old order stay in memory</source>
        <translation>In einem Notebook starten Sie danach den Kernel neu: Importe in der alten Reihenfolge bleiben im Speicher</translation>
    </message>
    <message>
        <source>In a notebook: %pip install NAME, after choosing the kernel of the environment</source>
        <translation>In einem Notebook: %pip install NAME, nachdem der Kernel der Umgebung gewählt ist</translation>
    </message>
    <message>
        <source>In the script, before the data is loaded: torch.multiprocessing.set_sharing_strategy(&quot;file_system&quot;)</source>
        <translation>Im Skript, bevor die Daten geladen werden: torch.multiprocessing.set_sharing_strategy(&quot;file_system&quot;)</translation>
    </message>
    <message>
        <source>In the terminal that this program opens: hf auth login (older: huggingface-cli login); hf auth logout takes the old one away</source>
        <translation>Im Terminal, das dieses Programm öffnet: hf auth login (älter: huggingface-cli login); hf auth logout entfernt die alte Anmeldung</translation>
    </message>
    <message>
        <source>Install a driver of the 570 or 580 family for {card.name} (not the newest), restart, then look again.</source>
        <translation>Installieren Sie einen Treiber der Familie 570 oder 580 für {card.name} (nicht den neuesten), starten Sie neu, und sehen Sie dann noch einmal nach.</translation>
    </message>
    <message>
        <source>Install a driver of the 570 or 580 family for {card.name}, restart, then look again.</source>
        <translation>Installieren Sie einen Treiber der Familie 570 oder 580 für {card.name}, starten Sie neu, und sehen Sie dann noch einmal nach.</translation>
    </message>
    <message>
        <source>Install the NVIDIA Container Toolkit on the host and set the container program up for it; in the container itself nothing is to be changed.</source>
        <translation>Installieren Sie das NVIDIA Container Toolkit auf dem Host, und richten Sie das Container-Programm dafür ein; im Container selbst ist nichts zu ändern.</translation>
    </message>
    <message>
        <source>Install the distribution&apos;s package of the NVIDIA driver, version 580 or newer, restart, then look again.</source>
        <translation>Installieren Sie das Paket Ihrer Distribution für den NVIDIA-Treiber, Version 580 oder neuer, starten Sie neu, und sehen Sie dann noch einmal nach.</translation>
    </message>
    <message>
        <source>Install the package nvidia-container-toolkit from NVIDIA&apos;s own repository for your distribution</source>
        <translation>Installieren Sie das Paket nvidia-container-toolkit aus NVIDIAs eigenem Repository für Ihre Distribution</translation>
    </message>
    <message>
        <source>It came after standby: restart; under Linux unloading and loading the module nvidia_uvm also helps</source>
        <translation>Es kam nach dem Standby: Starten Sie neu; unter Linux hilft auch, das Modul nvidia_uvm zu entladen und neu zu laden</translation>
    </message>
    <message>
        <source>It is finished.</source>
        <translation>Er ist fertig.</translation>
    </message>
    <message>
        <source>It is the active environment.</source>
        <translation>Sie ist die aktive Umgebung.</translation>
    </message>
    <message>
        <source>It trains on the card instead of the processor.</source>
        <translation>Es trainiert auf der Karte statt auf dem Prozessor.</translation>
    </message>
    <message>
        <source>It works on the processor alone; the card is not used.</source>
        <translation>Es läuft nur auf dem Prozessor; die Karte wird nicht benutzt.</translation>
    </message>
    <message>
        <source>Its environment {environment} is gone.</source>
        <translation>Die zugehörige Umgebung {environment} gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>Its file {name} is gone.</source>
        <translation>Die zugehörige Datei {name} gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>Its model {model} is gone.</source>
        <translation>Das zugehörige Modell {model} gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>Its transformers 4.57.1 refuses the families of 2026 (qwen3_5, gemma4).</source>
        <translation>Das transformers 4.57.1 darin lehnt die Familien von 2026 ab (qwen3_5, gemma4).</translation>
    </message>
    <message>
        <source>JSON Lines: one object a line, no commas between them; a file of one long list is JSON</source>
        <translation>JSON Lines: ein Objekt je Zeile, keine Kommas dazwischen; eine Datei aus einer einzigen langen Liste ist JSON</translation>
    </message>
    <message>
        <source>Jupyter lists {label}.</source>
        <translation>Jupyter führt {label} auf.</translation>
    </message>
    <message>
        <source>Keep it from being updated (Ubuntu: sudo apt-mark hold nvidia-driver-580)</source>
        <translation>Halten Sie ihn von Aktualisierungen ab (Ubuntu: sudo apt-mark hold nvidia-driver-580)</translation>
    </message>
    <message>
        <source>Keep vLLM in an environment of its own, and train without it (fast_inference=False).</source>
        <translation>Halten Sie vLLM in einer eigenen Umgebung, und trainieren Sie ohne es (fast_inference=False).</translation>
    </message>
    <message>
        <source>Kernel and menu entry</source>
        <translation>Kernel und Menüeintrag</translation>
    </message>
    <message>
        <source>Known security advisories on its versions: {after} instead of {before}.</source>
        <translation>Bekannte Sicherheitsmeldungen zu ihren Versionen: {after} statt {before}.</translation>
    </message>
    <message>
        <source>Leave these options out, or start a new run.</source>
        <translation>Lassen Sie diese Optionen weg, oder beginnen Sie einen neuen Lauf.</translation>
    </message>
    <message>
        <source>Let Unsloth choose the number format: dtype = None, and fp16 and bf16 in the training arguments as the starter script sets them</source>
        <translation>Lassen Sie Unsloth das Zahlenformat wählen: dtype = None, und fp16 und bf16 in den Trainingsargumenten so, wie das Startskript sie setzt</translation>
    </message>
    <message>
        <source>Line {line} hints at it, no more.</source>
        <translation>Zeile {line} deutet darauf hin, mehr nicht.</translation>
    </message>
    <message>
        <source>Linux and WSL: ulimit -n 65536 in the same terminal, then start the run there</source>
        <translation>Linux und WSL: ulimit -n 65536 im selben Terminal, dann den Lauf dort starten</translation>
    </message>
    <message>
        <source>Linux with a desktop: run from a text console, without the desktop on this card</source>
        <translation>Linux mit Desktop: aus einer Textkonsole starten, ohne den Desktop auf dieser Karte</translation>
    </message>
    <message>
        <source>Linux: CUDA_VISIBLE_DEVICES=0 python train.py</source>
        <translation>Linux: CUDA_VISIBLE_DEVICES=0 python train.py</translation>
    </message>
    <message>
        <source>Linux: UNSLOTH_COMPILE_DISABLE=1 python train.py</source>
        <translation>Linux: UNSLOTH_COMPILE_DISABLE=1 python train.py</translation>
    </message>
    <message>
        <source>Linux: UNSLOTH_DISABLE_STATISTICS=1 python train.py</source>
        <translation>Linux: UNSLOTH_DISABLE_STATISTICS=1 python train.py</translation>
    </message>
    <message>
        <source>Linux: have an administrator run sudo apt install cmake build-essential libcurl4-openssl-dev, then export again</source>
        <translation>Linux: Lassen Sie einen Administrator sudo apt install cmake build-essential libcurl4-openssl-dev ausführen, und exportieren Sie dann noch einmal</translation>
    </message>
    <message>
        <source>Linux: remove the newer package and install the branch 580 of your distribution (Ubuntu: sudo apt install nvidia-driver-580), restart</source>
        <translation>Linux: Entfernen Sie das neuere Paket, installieren Sie den Zweig 580 Ihrer Distribution (Ubuntu: sudo apt install nvidia-driver-580), und starten Sie neu</translation>
    </message>
    <message>
        <source>List with hashes</source>
        <translation>Liste mit Prüfsummen</translation>
    </message>
    <message>
        <source>Load the last checkpoint in a fresh start and save from there</source>
        <translation>Laden Sie den letzten Checkpoint nach einem Neustart, und speichern Sie von dort aus</translation>
    </message>
    <message>
        <source>Locks</source>
        <translation>Festschreibungen</translation>
    </message>
    <message>
        <source>Log in again with a new token; for open models logging out is enough.</source>
        <translation>Melden Sie sich mit einem neuen Token neu an; für offene Modelle genügt es, sich abzumelden.</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>Protokolle</translation>
    </message>
    <message>
        <source>Look at it once more, then start again.</source>
        <translation>Sehen Sie es sich noch einmal an, und starten Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Look at the row or column that the message names, and bring the file into the form that the script reads.</source>
        <translation>Sehen Sie sich die Zeile oder Spalte an, die die Meldung nennt, und bringen Sie die Datei in die Form, die das Skript liest.</translation>
    </message>
    <message>
        <source>Look at what lies there, and move the folder away.</source>
        <translation>Sehen Sie nach, was dort liegt, und verschieben Sie den Ordner.</translation>
    </message>
    <message>
        <source>Look at what lies there, or choose another folder.</source>
        <translation>Sehen Sie nach, was dort liegt, oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>Look for a newer version of this program. The pinned setups themselves stay what they were.</source>
        <translation>Sehen Sie nach einer neueren Version dieses Programms. Die festgeschriebenen Einrichtungen selbst bleiben, was sie waren.</translation>
    </message>
    <message>
        <source>Look for empty rows in the data, and for labels that are all -100</source>
        <translation>Suchen Sie leere Zeilen in den Daten, und Labels, die alle -100 sind</translation>
    </message>
    <message>
        <source>Look in the Task Manager for a second python.exe or uv.exe</source>
        <translation>Suchen Sie im Task-Manager nach einem zweiten python.exe oder uv.exe</translation>
    </message>
    <message>
        <source>Look into output_dir: whole checkpoints are folders named checkpoint-NUMBER</source>
        <translation>Sehen Sie in output_dir nach: Vollständige Checkpoints sind Ordner namens checkpoint-NUMMER</translation>
    </message>
    <message>
        <source>Look whether the drive is full</source>
        <translation>Sehen Sie nach, ob das Laufwerk voll ist</translation>
    </message>
    <message>
        <source>Lower the power limit for a test: nvidia-smi -pl 250 as administrator; if it then runs through, it is the power supply</source>
        <translation>Senken Sie zum Test die Leistungsgrenze: nvidia-smi -pl 250 als Administrator; läuft es dann durch, ist es das Netzteil</translation>
    </message>
    <message>
        <source>Main memory ran out while the model was saved</source>
        <translation>Der Arbeitsspeicher ging zu Ende, während das Modell gespeichert wurde</translation>
    </message>
    <message>
        <source>Make import unsloth the first import of the script or notebook, before torch, trl, transformers and unsloth_zoo.</source>
        <translation>Machen Sie import unsloth zum ersten Import des Skripts oder Notebooks, vor torch, trl, transformers und unsloth_zoo.</translation>
    </message>
    <message>
        <source>Memory ran out while the adapter was merged into the model</source>
        <translation>Der Speicher ging zu Ende, während der Adapter mit dem Modell zusammengeführt wurde</translation>
    </message>
    <message>
        <source>Merge in a fresh start, with nothing else in memory: load the saved adapter again and merge before anything is trained.</source>
        <translation>Führen Sie beide nach einem Neustart zusammen, mit nichts anderem im Speicher: Laden Sie den gespeicherten Adapter neu, und führen Sie ihn mit dem Modell zusammen, bevor etwas trainiert wird.</translation>
    </message>
    <message>
        <source>Model {model}{licence}</source>
        <translation>Modell {model}{licence}</translation>
    </message>
    <message>
        <source>Move it elsewhere, or choose another folder with --home.</source>
        <translation>Verschieben Sie es an eine andere Stelle, oder wählen Sie mit --home einen anderen Ordner.</translation>
    </message>
    <message>
        <source>Move the inputs to the card: tokenizer(..., return_tensors=&quot;pt&quot;).to(&quot;cuda&quot;), and apply_chat_template(...).to(&quot;cuda&quot;).</source>
        <translation>Bringen Sie die Eingaben auf die Karte: tokenizer(..., return_tensors=&quot;pt&quot;).to(&quot;cuda&quot;) und apply_chat_template(...).to(&quot;cuda&quot;).</translation>
    </message>
    <message>
        <source>NVIDIA card</source>
        <translation>NVIDIA-Karte</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s library crashes or hangs when it is asked</source>
        <translation>NVIDIAs Bibliothek stürzt ab oder hängt, wenn sie gefragt wird</translation>
    </message>
    <message>
        <source>Name an address, then test again.</source>
        <translation>Nennen Sie eine Adresse, und testen Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>Name another folder, or a file with {what} --output FILE.</source>
        <translation>Nennen Sie einen anderen Ordner, oder eine Datei mit {what} --output DATEI.</translation>
    </message>
    <message>
        <source>Name another one with --output.</source>
        <translation>Nennen Sie mit --output einen anderen.</translation>
    </message>
    <message>
        <source>Name its folder with --base.</source>
        <translation>Nennen Sie seinen Ordner mit --base.</translation>
    </message>
    <message>
        <source>Name the folder in which config.json or adapter_config.json lies, for example outputs/checkpoint-60 instead of outputs.</source>
        <translation>Nennen Sie den Ordner, in dem config.json oder adapter_config.json liegt, zum Beispiel outputs/checkpoint-60 statt outputs.</translation>
    </message>
    <message>
        <source>Name the folder of your own copy with --llama-cpp, or export as merged.</source>
        <translation>Nennen Sie mit --llama-cpp den Ordner Ihrer eigenen Kopie, oder exportieren Sie als merged.</translation>
    </message>
    <message>
        <source>Name the folder that the command bundle made.</source>
        <translation>Nennen Sie den Ordner, den der Befehl bundle angelegt hat.</translation>
    </message>
    <message>
        <source>Names to avoid: torch.py, datasets.py, triton.py, random.py, csv.py, json.py, types.py and every other package&apos;s name</source>
        <translation>Zu meidende Namen: torch.py, datasets.py, triton.py, random.py, csv.py, json.py, types.py und der Name jedes anderen Pakets</translation>
    </message>
    <message>
        <source>Needs an older driver</source>
        <translation>Braucht einen älteren Treiber</translation>
    </message>
    <message>
        <source>Needs driver {other} or newer instead of {one}.</source>
        <translation>Braucht Treiber {other} oder neuer statt {one}.</translation>
    </message>
    <message>
        <source>Newest setup: torch212-2026.10 (packages of autumn 2026)</source>
        <translation>Neueste Einrichtung: torch212-2026.10 (Pakete vom Herbst 2026)</translation>
    </message>
    <message>
        <source>No code from the network in Unsloth&apos;s loader</source>
        <translation>Kein Code aus dem Netz im Lader von Unsloth</translation>
    </message>
    <message>
        <source>No environment is active here; expected one to train in.</source>
        <translation>Keine Umgebung ist hier aktiv; erwartet wird eine, in der trainiert wird.</translation>
    </message>
    <message>
        <source>No environment is active here; expected one.</source>
        <translation>Keine Umgebung ist hier aktiv; erwartet wird eine.</translation>
    </message>
    <message>
        <source>No package brought {foreign}: that stays.</source>
        <translation>{foreign} kam mit keinem Paket: Das bleibt.</translation>
    </message>
    <message>
        <source>No setup has been pinned for ARM64 here</source>
        <translation>Für ARM64 ist hier keine Einrichtung festgeschrieben</translation>
    </message>
    <message>
        <source>No usable answer came.</source>
        <translation>Es kam keine brauchbare Antwort.</translation>
    </message>
    <message>
        <source>None of them is in {python}.</source>
        <translation>Keines davon ist in {python}.</translation>
    </message>
    <message>
        <source>Not proven yet: no record of a training with these versions.</source>
        <translation>Noch nicht geprüft: kein Nachweis eines Trainings mit diesen Versionen.</translation>
    </message>
    <message>
        <source>Notebook, in the first cell before any import: import os; os.environ[&quot;CUDA_VISIBLE_DEVICES&quot;] = &quot;0&quot;</source>
        <translation>Notebook, in der ersten Zelle vor jedem Import: import os; os.environ[&quot;CUDA_VISIBLE_DEVICES&quot;] = &quot;0&quot;</translation>
    </message>
    <message>
        <source>Notebook, in the first cell before any import: import os; os.environ[&quot;UNSLOTH_COMPILE_DISABLE&quot;] = &quot;1&quot;</source>
        <translation>Notebook, in der ersten Zelle vor jedem Import: import os; os.environ[&quot;UNSLOTH_COMPILE_DISABLE&quot;] = &quot;1&quot;</translation>
    </message>
    <message>
        <source>Notebook, in the first cell: import os; os.environ[&quot;UNSLOTH_DISABLE_STATISTICS&quot;] = &quot;1&quot;</source>
        <translation>Notebook, in der ersten Zelle: import os; os.environ[&quot;UNSLOTH_DISABLE_STATISTICS&quot;] = &quot;1&quot;</translation>
    </message>
    <message>
        <source>Nothing has to be installed again</source>
        <translation>Nichts muss noch einmal installiert werden</translation>
    </message>
    <message>
        <source>Nothing is asked in a simulation.</source>
        <translation>In einer Simulation wird nichts gefragt.</translation>
    </message>
    <message>
        <source>Nothing lies at {path}.</source>
        <translation>Unter {path} liegt nichts.</translation>
    </message>
    <message>
        <source>Nothing of {name} came within {minutes} minutes.</source>
        <translation>Von {name} kam innerhalb von {minutes} Minuten nichts.</translation>
    </message>
    <message>
        <source>Nothing was added to {environment}, so there is nothing to take back.</source>
        <translation>Zu {environment} wurde nichts hinzugefügt, also gibt es nichts zurückzunehmen.</translation>
    </message>
    <message>
        <source>Ollama does not understand the model&apos;s chat template</source>
        <translation>Ollama versteht die Chatvorlage des Modells nicht</translation>
    </message>
    <message>
        <source>On a DGX Spark or RTX Spark follow NVIDIA&apos;s and Unsloth&apos;s own instructions for it, or use a PC with a 64-bit Intel or AMD processor.</source>
        <translation>Auf einem DGX Spark oder RTX Spark folgen Sie den eigenen Anleitungen von NVIDIA und Unsloth dafür, oder nehmen Sie einen PC mit 64-Bit-Prozessor von Intel oder AMD.</translation>
    </message>
    <message>
        <source>On a company&apos;s computer only its administrator can allow it: name the file in the message</source>
        <translation>Auf einem Firmencomputer kann das nur dessen Administrator erlauben: Nennen Sie ihm die Datei aus der Meldung</translation>
    </message>
    <message>
        <source>On the data set&apos;s page look for the branch refs/convert/parquet, or for a copy by somebody else</source>
        <translation>Suchen Sie auf der Seite des Datensatzes den Zweig refs/convert/parquet, oder die Kopie eines anderen</translation>
    </message>
    <message>
        <source>On the host: nvidia-smi must list the card; if it does not, the driver comes first</source>
        <translation>Auf dem Host: nvidia-smi muss die Karte auflisten; tut es das nicht, kommt zuerst der Treiber</translation>
    </message>
    <message>
        <source>One model was spread over several cards, or lies on another one</source>
        <translation>Ein Modell wurde auf mehrere Karten verteilt oder liegt auf einer anderen</translation>
    </message>
    <message>
        <source>One setup for RTX 30, 40 and 50 that runs with drivers from 570 on: models up to November 2025.</source>
        <translation>Eine Einrichtung für RTX 30, 40 und 50, die mit Treibern ab 570 läuft: Modelle bis November 2025.</translation>
    </message>
    <message>
        <source>Open the folder and look for config.json (a whole model) or adapter_config.json (an adapter)</source>
        <translation>Öffnen Sie den Ordner, und suchen Sie config.json (ein ganzes Modell) oder adapter_config.json (ein Adapter)</translation>
    </message>
    <message>
        <source>Or delete the link and make it again in a console of an administrator</source>
        <translation>Oder löschen Sie die Verknüpfung, und legen Sie sie in einer Konsole mit Administratorrechten neu an</translation>
    </message>
    <message>
        <source>Or save the adapter alone (save_pretrained) and merge on a computer with more memory</source>
        <translation>Oder speichern Sie nur den Adapter (save_pretrained), und führen Sie ihn auf einem Computer mit mehr Speicher mit dem Modell zusammen</translation>
    </message>
    <message>
        <source>Or take a chat template without special tokens, such as alpaca</source>
        <translation>Oder nehmen Sie eine Chatvorlage ohne besondere Token, etwa alpaca</translation>
    </message>
    <message>
        <source>Or take an older model of the same family, which this setup knows</source>
        <translation>Oder nehmen Sie ein älteres Modell derselben Familie, das diese Einrichtung kennt</translation>
    </message>
    <message>
        <source>Or train inside WSL 2, where it does not apply</source>
        <translation>Oder trainieren Sie in WSL 2, wo es nicht gilt</translation>
    </message>
    <message>
        <source>Or train them too: add &quot;embed_tokens&quot; and &quot;lm_head&quot; to target_modules in get_peft_model (takes more memory)</source>
        <translation>Oder trainieren Sie sie mit: Fügen Sie in get_peft_model &quot;embed_tokens&quot; und &quot;lm_head&quot; zu target_modules hinzu (braucht mehr Speicher)</translation>
    </message>
    <message>
        <source>Package cache</source>
        <translation>Paketspeicher</translation>
    </message>
    <message>
        <source>Packages of Jupyter kernels</source>
        <translation>Pakete der Jupyter-Kernel</translation>
    </message>
    <message>
        <source>Partly proven: {place}, with other versions or another system.</source>
        <translation>Teilweise geprüft: {place}, mit anderen Versionen oder einem anderen System.</translation>
    </message>
    <message>
        <source>Pinned {span} earlier: {day}.</source>
        <translation>Festgeschrieben {span} früher: {day}.</translation>
    </message>
    <message>
        <source>Pinned {span} later: {day}.</source>
        <translation>Festgeschrieben {span} später: {day}.</translation>
    </message>
    <message>
        <source>Plug the monitor into the mainboard (processor graphics), so that the card only computes</source>
        <translation>Stecken Sie den Monitor an die Hauptplatine (Grafik des Prozessors), sodass die Karte nur rechnet</translation>
    </message>
    <message>
        <source>Practise on the processor here, or follow Unsloth&apos;s own instructions for AMD and Intel cards. If an NVIDIA card should be in this PC, check that it is seated and switched on.</source>
        <translation>Üben Sie hier auf dem Prozessor, oder folgen Sie den eigenen Anleitungen von Unsloth für Karten von AMD und Intel. Sollte eine NVIDIA-Karte in diesem PC sein, prüfen Sie, ob sie richtig steckt und eingeschaltet ist.</translation>
    </message>
    <message>
        <source>Proven: exactly these versions trained {place}.</source>
        <translation>Geprüft: Genau diese Versionen haben {place} trainiert.</translation>
    </message>
    <message>
        <source>Putting the setup&apos;s own packages back</source>
        <translation>Das Zurücklegen der eigenen Pakete der Einrichtung</translation>
    </message>
    <message>
        <source>PyTorch 2.4.0 is from July 2024 and predates later security fixes.</source>
        <translation>PyTorch 2.4.0 ist vom Juli 2024 und älter als spätere Sicherheitskorrekturen.</translation>
    </message>
    <message>
        <source>Python looks into the script&apos;s own folder first. A file or folder there is named like a package or a part of Python, so that is imported instead of the real one. No package is broken.</source>
        <translation>Python sieht zuerst im eigenen Ordner des Skripts nach. Eine Datei oder ein Ordner dort heißt wie ein Paket oder ein Teil von Python und wird daher statt des echten importiert. Kein Paket ist kaputt.</translation>
    </message>
    <message>
        <source>Python provided by this program</source>
        <translation>Python, das dieses Programm mitbringt</translation>
    </message>
    <message>
        <source>Python {new} instead of {old}.</source>
        <translation>Python {new} statt {old}.</translation>
    </message>
    <message>
        <source>Quarantined leftovers</source>
        <translation>Reste in der Quarantäne</translation>
    </message>
    <message>
        <source>Records of verifications</source>
        <translation>Nachweise der Prüfungen</translation>
    </message>
    <message>
        <source>Rename your file (the lines name it), delete the folder __pycache__ beside it, and start again.</source>
        <translation>Benennen Sie Ihre Datei um (die Zeilen nennen sie), löschen Sie den Ordner __pycache__ daneben, und starten Sie noch einmal.</translation>
    </message>
    <message>
        <source>Repair the environment, so that its packages are installed again.</source>
        <translation>Reparieren Sie die Umgebung, damit ihre Pakete neu installiert werden.</translation>
    </message>
    <message>
        <source>Reports</source>
        <translation>Berichte</translation>
    </message>
    <message>
        <source>Restart the PC and look again. If it stays, install the current NVIDIA driver again.</source>
        <translation>Starten Sie den PC neu, und sehen Sie noch einmal nach. Bleibt es, installieren Sie den aktuellen NVIDIA-Treiber neu.</translation>
    </message>
    <message>
        <source>Restart the notebook or the script, load the adapter&apos;s folder, and call only save_pretrained_merged</source>
        <translation>Starten Sie das Notebook oder das Skript neu, laden Sie den Ordner des Adapters, und rufen Sie nur save_pretrained_merged auf</translation>
    </message>
    <message>
        <source>Run it as root, with sudo for one.</source>
        <translation>Führen Sie es als root aus, zum Beispiel mit sudo.</translation>
    </message>
    <message>
        <source>Run it in a console that was started as administrator.</source>
        <translation>Führen Sie es in einer Konsole aus, die als Administrator gestartet wurde.</translation>
    </message>
    <message>
        <source>Runs that were stopped need them.</source>
        <translation>Angehaltene Läufe brauchen sie.</translation>
    </message>
    <message>
        <source>Save in smaller pieces (max_shard_size=&quot;2GB&quot;) with other programs closed, or save the adapter alone.</source>
        <translation>Speichern Sie in kleineren Stücken (max_shard_size=&quot;2GB&quot;), mit geschlossenen anderen Programmen, oder speichern Sie nur den Adapter.</translation>
    </message>
    <message>
        <source>Save the model as adapter or merged first; then make the GGUF on the page Ready, or put a ready llama.cpp where Unsloth looks for it.</source>
        <translation>Speichern Sie das Modell zuerst als Adapter oder merged; machen Sie das GGUF dann auf der Seite Bereit, oder legen Sie ein fertiges llama.cpp dorthin, wo Unsloth es sucht.</translation>
    </message>
    <message>
        <source>Say its encoding, or save it as UTF-8.</source>
        <translation>Nennen Sie ihre Kodierung, oder speichern Sie sie als UTF-8.</translation>
    </message>
    <message>
        <source>Serve the merged model from the other environment: vllm serve FOLDER</source>
        <translation>Bieten Sie das zusammengeführte Modell aus der anderen Umgebung an: vllm serve ORDNER</translation>
    </message>
    <message>
        <source>Set dataloader_num_workers and dataset_num_proc to 0 or None</source>
        <translation>Setzen Sie dataloader_num_workers und dataset_num_proc auf 0 oder None</translation>
    </message>
    <message>
        <source>Smart App Control does not allow the file to run</source>
        <translation>Smart App Control erlaubt nicht, die Datei auszuführen</translation>
    </message>
    <message>
        <source>Start without resume_from_checkpoint, or name a folder checkpoint-NUMBER that holds trainer_state.json.</source>
        <translation>Starten Sie ohne resume_from_checkpoint, oder nennen Sie einen Ordner checkpoint-NUMMER, der trainer_state.json enthält.</translation>
    </message>
    <message>
        <source>Stop the run, go back to a checkpoint from before, and compute in bf16 if the card can (RTX 30 and later).</source>
        <translation>Halten Sie den Lauf an, gehen Sie zu einem früheren Checkpoint zurück, und rechnen Sie in bf16, wenn die Karte es kann (RTX 30 und neuer).</translation>
    </message>
    <message>
        <source>Switch Smart App Control off: Windows Security, App and browser control, Smart App Control settings, Off.</source>
        <translation>Schalten Sie Smart App Control aus: Windows-Sicherheit, App- und Browsersteuerung, Einstellungen für Smart App Control, Aus.</translation>
    </message>
    <message>
        <source>Switch the computer off for a minute, start it again, and look at power and heat before the next long run.</source>
        <translation>Schalten Sie den Computer eine Minute aus, starten Sie ihn wieder, und sehen Sie vor dem nächsten langen Lauf nach Stromversorgung und Temperatur.</translation>
    </message>
    <message>
        <source>Switch the count off: set the variable UNSLOTH_DISABLE_STATISTICS to 1 before unsloth is imported.</source>
        <translation>Schalten Sie die Zählung aus: Setzen Sie die Variable UNSLOTH_DISABLE_STATISTICS auf 1, bevor unsloth importiert wird.</translation>
    </message>
    <message>
        <source>Take device_map=&quot;auto&quot; or &quot;balanced&quot; out of the script</source>
        <translation>Nehmen Sie device_map=&quot;auto&quot; oder &quot;balanced&quot; aus dem Skript</translation>
    </message>
    <message>
        <source>Take that line out of the file; uninstalling goes by the others.</source>
        <translation>Nehmen Sie diese Zeile aus der Datei; das Deinstallieren richtet sich nach den anderen.</translation>
    </message>
    <message>
        <source>Take the Modelfile that Unsloth writes beside the GGUF, or leave TEMPLATE out: Ollama then reads the template from the GGUF.</source>
        <translation>Nehmen Sie das Modelfile, das Unsloth neben das GGUF schreibt, oder lassen Sie TEMPLATE weg: Ollama liest die Vorlage dann aus dem GGUF.</translation>
    </message>
    <message>
        <source>Take the data set&apos;s Parquet copy: load_dataset(NAME, revision=&quot;refs/convert/parquet&quot;), or another copy that holds plain files.</source>
        <translation>Nehmen Sie die Parquet-Kopie des Datensatzes: load_dataset(NAME, revision=&quot;refs/convert/parquet&quot;), oder eine andere Kopie, die einfache Dateien enthält.</translation>
    </message>
    <message>
        <source>Take the instruct version of the model, which knows these tokens.</source>
        <translation>Nehmen Sie die Instruct-Fassung des Modells, die diese Token kennt.</translation>
    </message>
    <message>
        <source>Take the newest setup that this card can run: the page Setup says for each from when its packages are. Do not raise transformers alone.</source>
        <translation>Nehmen Sie die neueste Einrichtung, die auf dieser Karte läuft: Die Seite Einrichtung sagt bei jeder, von wann ihre Pakete sind. Heben Sie nicht transformers allein an.</translation>
    </message>
    <message>
        <source>Takes out {added}, added on {at}</source>
        <translation>Nimmt {added} heraus, hinzugefügt am {at}</translation>
    </message>
    <message>
        <source>The 580 family is the last that serves {card.architecture} cards: from {card.driver_end} on drivers ignore them, and PyTorch sees no card.</source>
        <translation>Die Familie 580 ist die letzte, die {card.architecture}-Karten bedient: Ab {card.driver_end} übergehen Treiber sie, und PyTorch sieht keine Karte.</translation>
    </message>
    <message>
        <source>The Hub refused the token that was sent: it has expired, was revoked or is mistyped, or it has no right for what was asked. With a bad token even open models are refused, and a licence that is accepted changes nothing.</source>
        <translation>Der Hub lehnte das gesendete Token ab: Es ist abgelaufen, widerrufen oder vertippt, oder es hat kein Recht auf das Verlangte. Mit einem ungültigen Token werden sogar offene Modelle verweigert, und das Zustimmen zu einer Lizenz ändert nichts.</translation>
    </message>
    <message>
        <source>The Hugging Face token is not valid, or may not do this</source>
        <translation>Das Hugging-Face-Token ist ungültig oder darf das nicht</translation>
    </message>
    <message>
        <source>The NVIDIA driver is missing, or too new for this card</source>
        <translation>Der NVIDIA-Treiber fehlt oder ist für diese Karte zu neu</translation>
    </message>
    <message>
        <source>The NVIDIA driver is too new for this card</source>
        <translation>Der NVIDIA-Treiber ist für diese Karte zu neu</translation>
    </message>
    <message>
        <source>The NVIDIA driver no longer serves this card</source>
        <translation>Der NVIDIA-Treiber bedient diese Karte nicht mehr</translation>
    </message>
    <message>
        <source>The active environment {active} is no longer there.</source>
        <translation>Die aktive Umgebung {active} gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>The active environment {name} is no longer there.</source>
        <translation>Die aktive Umgebung {name} gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>The base model never learned some tokens of the chat template</source>
        <translation>Das Basismodell hat einige Token der Chatvorlage nie gelernt</translation>
    </message>
    <message>
        <source>The bundle holds {profile}, which this program does not know; make a new bundle.</source>
        <translation>Der Offline-Ordner enthält {profile}, das dieses Programm nicht kennt; machen Sie einen neuen Offline-Ordner.</translation>
    </message>
    <message>
        <source>The card is gone: the driver lost it</source>
        <translation>Die Karte ist weg: Der Treiber hat sie verloren</translation>
    </message>
    <message>
        <source>The card is older than the oldest generation that this torch was built for. Builds for CUDA 12.8 and later leave out Pascal and older cards step by step; Volta left the builds for CUDA 12.8 at PyTorch 2.11 and is in none for CUDA 13.</source>
        <translation>Die Karte ist älter als die älteste Generation, für die dieses torch gebaut wurde. Fassungen für CUDA 12.8 und neuer lassen Pascal und ältere Karten nach und nach weg; Volta fehlt in den Fassungen für CUDA 12.8 seit PyTorch 2.11 und ist in keiner für CUDA 13.</translation>
    </message>
    <message>
        <source>The card was reset because one computation took too long</source>
        <translation>Die Karte wurde zurückgesetzt, weil eine Berechnung zu lange dauerte</translation>
    </message>
    <message>
        <source>The command install makes one.</source>
        <translation>Der Befehl install legt eine an.</translation>
    </message>
    <message>
        <source>The container program cannot hand the card into a container</source>
        <translation>Das Container-Programm kann die Karte nicht in einen Container hineinreichen</translation>
    </message>
    <message>
        <source>The data has another form than the script expects</source>
        <translation>Die Daten haben eine andere Form, als das Skript erwartet</translation>
    </message>
    <message>
        <source>The data set is a program, and datasets no longer runs those</source>
        <translation>Der Datensatz ist ein Programm, und datasets führt solche nicht mehr aus</translation>
    </message>
    <message>
        <source>The data uses tokens (such as &lt;|eot_id|&gt;) whose numbers in this base model are all zero, and their layer is not being trained. Unsloth stops, for the loss would not be a number.</source>
        <translation>Die Daten benutzen Token (etwa &lt;|eot_id|&gt;), deren Zahlen in diesem Basismodell alle null sind, und ihre Schicht wird nicht trainiert. Unsloth hält an, denn der Verlust wäre keine Zahl.</translation>
    </message>
    <message>
        <source>The driver&apos;s management library ended or held up the small program that asked it, so nothing is known of the card but what the PCI bus says. Training may end in the same way.</source>
        <translation>Die Verwaltungsbibliothek des Treibers beendete das kleine Programm, das sie fragte, oder hielt es auf; daher ist von der Karte nur bekannt, was der PCI-Bus sagt. Das Training kann ebenso enden.</translation>
    </message>
    <message>
        <source>The environment in {home} is of all users of this computer; only an administrator changes it.</source>
        <translation>Die Umgebung in {home} gehört allen Benutzern dieses Computers; nur ein Administrator ändert sie.</translation>
    </message>
    <message>
        <source>The environment {environment} of the run {run} is gone.</source>
        <translation>Die Umgebung {environment} des Laufs {run} gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>The error passed through its code on line {line}, which does not say why.</source>
        <translation>Der Fehler kam in Zeile {line} durch ihren Code, was nicht sagt, warum.</translation>
    </message>
    <message>
        <source>The files lie on the Windows drive, which WSL reads slowly</source>
        <translation>Die Dateien liegen auf dem Windows-Laufwerk, das WSL nur langsam liest</translation>
    </message>
    <message>
        <source>The first import failed (it ended before all was imported, with exit code 0).</source>
        <translation>Der erste Import ist fehlgeschlagen (er endete mit Exit-Code 0, bevor alles importiert war).</translation>
    </message>
    <message>
        <source>The folder belongs to the system</source>
        <translation>Der Ordner gehört dem System</translation>
    </message>
    <message>
        <source>The folder holds files that are not this program&apos;s</source>
        <translation>Der Ordner enthält Dateien, die nicht von diesem Programm sind</translation>
    </message>
    <message>
        <source>The folder is a person&apos;s own</source>
        <translation>Der Ordner gehört einer Person</translation>
    </message>
    <message>
        <source>The folder is the root of a drive</source>
        <translation>Der Ordner ist das Stammverzeichnis eines Laufwerks</translation>
    </message>
    <message>
        <source>The folder lies on a disk without locks</source>
        <translation>Der Ordner liegt auf einem Laufwerk ohne Sperren</translation>
    </message>
    <message>
        <source>The folder {folder} is not empty; expected one that is new or empty.</source>
        <translation>Der Ordner {folder} ist nicht leer; erwartet wird ein neuer oder leerer.</translation>
    </message>
    <message>
        <source>The folder {model} {missing}; expected a model&apos;s folder.</source>
        <translation>Der Ordner {model} {missing}; erwartet wird der Ordner eines Modells.</translation>
    </message>
    <message>
        <source>The folder {path} is not there.</source>
        <translation>Den Ordner {path} gibt es nicht.</translation>
    </message>
    <message>
        <source>The folder {target} holds a bundle of {names} for {platform}; expected a new or empty one, such as {at}.</source>
        <translation>Der Ordner {target} enthält einen Offline-Ordner mit {names} für {platform}; erwartet wird ein neuer oder leerer, etwa {at}.</translation>
    </message>
    <message>
        <source>The folder {target} is not empty and holds no bundle; expected a new or empty one, such as {at}.</source>
        <translation>Der Ordner {target} ist nicht leer und kein Offline-Ordner dieses Programms; erwartet wird ein neuer oder leerer, etwa {at}.</translation>
    </message>
    <message>
        <source>The folder {target} is not empty; expected a new or empty one.</source>
        <translation>Der Ordner {target} ist nicht leer; erwartet wird ein neuer oder leerer.</translation>
    </message>
    <message>
        <source>The header of {name} names the column {twice} twice.</source>
        <translation>Die Kopfzeile von {name} nennt die Spalte {twice} zweimal.</translation>
    </message>
    <message>
        <source>The home of all users, {home}, is made and changed by an administrator only.</source>
        <translation>Den Ordner für alle Benutzer, {home}, legt nur ein Administrator an, und nur er ändert ihn.</translation>
    </message>
    <message>
        <source>The index or what stands in between is broken: run it again later, or choose another index.</source>
        <translation>Der Index oder etwas auf dem Weg zu ihm ist gestört: Versuchen Sie es später noch einmal, oder wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>The inputs, or a part of the model, lie in main memory, and a kernel on the card cannot read them there. Nothing of the environment is broken.</source>
        <translation>Die Eingaben oder ein Teil des Modells liegen im Arbeitsspeicher, und ein Kernel auf der Karte kann sie dort nicht lesen. An der Umgebung ist nichts kaputt.</translation>
    </message>
    <message>
        <source>The journal does not say that this program made it.</source>
        <translation>Das Journal sagt nicht, dass dieses Programm es angelegt hat.</translation>
    </message>
    <message>
        <source>The last checkpoint is still there: go on from it</source>
        <translation>Der letzte Checkpoint ist noch da: Machen Sie von ihm aus weiter</translation>
    </message>
    <message>
        <source>The last verification of {environment} said: {verdict}.</source>
        <translation>Die letzte Prüfung von {environment} ergab: {verdict}.</translation>
    </message>
    <message>
        <source>The list is not fetched.</source>
        <translation>Die Liste wird nicht geladen.</translation>
    </message>
    <message>
        <source>The list of your packages {name} cannot be read: {error}. Expected the schema packages/1.</source>
        <translation>Die Liste Ihrer Pakete {name} ist nicht zu lesen: {error}. Erwartet wird das Schema packages/1.</translation>
    </message>
    <message>
        <source>The loss is no longer a number</source>
        <translation>Der Verlust ist keine Zahl mehr</translation>
    </message>
    <message>
        <source>The maker&apos;s figures of this card are not confirmed; not judged.{burst}</source>
        <translation>Die Herstellerangaben zu dieser Karte sind nicht bestätigt; nicht beurteilt.{burst}</translation>
    </message>
    <message>
        <source>The mapping is not complete; expected question and answer, or messages, or text.</source>
        <translation>Die Zuordnung ist unvollständig; erwartet werden Frage und Antwort, oder Nachrichten, oder Text.</translation>
    </message>
    <message>
        <source>The mapping names one column twice; expected a column of its own for each role.</source>
        <translation>Die Zuordnung nennt eine Spalte zweimal; erwartet wird für jede Rolle eine eigene Spalte.</translation>
    </message>
    <message>
        <source>The message names the folder that it looked in</source>
        <translation>Die Meldung nennt den Ordner, in dem gesucht wurde</translation>
    </message>
    <message>
        <source>The model is newer than the packages that should read it</source>
        <translation>Das Modell ist neuer als die Pakete, die es lesen sollen</translation>
    </message>
    <message>
        <source>The model says of itself that it is of a kind which this transformers, tokenizers or llama.cpp does not know. The packages are whole; they were released before the model.</source>
        <translation>Das Modell gibt sich als eine Art aus, die dieses transformers, tokenizers oder llama.cpp nicht kennt. Die Pakete sind in Ordnung; sie sind vor dem Modell erschienen.</translation>
    </message>
    <message>
        <source>The model {model}, on which the run was trained, is not on this computer.</source>
        <translation>Das Modell {model}, auf dem der Lauf trainiert wurde, ist nicht auf diesem Computer.</translation>
    </message>
    <message>
        <source>The named folder or repository holds no model</source>
        <translation>Der genannte Ordner oder das Repository enthält kein Modell</translation>
    </message>
    <message>
        <source>The newest setup</source>
        <translation>Die neueste Einrichtung</translation>
    </message>
    <message>
        <source>The newest setup that your driver runs</source>
        <translation>Die neueste Einrichtung, die mit Ihrem Treiber läuft</translation>
    </message>
    <message>
        <source>The numbers of the run overflowed (nan). The weights that it saves from there on are worthless. fp16 with a model that was trained in bf16 (Gemma above all), a learning rate that is too high, and untrained tokens do that.</source>
        <translation>Die Zahlen des Laufs sind übergelaufen (nan). Die Gewichte, die er von da an speichert, sind wertlos. Das kommt von fp16 bei einem in bf16 trainierten Modell (vor allem Gemma), von einer zu hohen Lernrate und von untrainierten Token.</translation>
    </message>
    <message>
        <source>The offline folder {offline} is not there.</source>
        <translation>Den Offline-Ordner {offline} gibt es nicht.</translation>
    </message>
    <message>
        <source>The only profile for Blackwell of capability 10.3 (B300).</source>
        <translation>Das einzige Profil für Blackwell mit Capability 10.3 (B300).</translation>
    </message>
    <message>
        <source>The package index cannot be reached, and is not needed</source>
        <translation>Der Paketindex ist nicht zu erreichen und wird nicht gebraucht</translation>
    </message>
    <message>
        <source>The package was installed, but into another Python than the one that runs the script; or the environment has no pip of its own, and the command took that of another.</source>
        <translation>Das Paket wurde installiert, aber in ein anderes Python als das, welches das Skript ausführt; oder die Umgebung hat kein eigenes pip, und der Befehl nahm das einer anderen.</translation>
    </message>
    <message>
        <source>The packages pinned here are for 64-bit x86 processors.</source>
        <translation>Die hier festgeschriebenen Pakete sind für 64-Bit-x86-Prozessoren.</translation>
    </message>
    <message>
        <source>The packages pinned here are for x86-64. PyTorch with CUDA and Unsloth exist for ARM64 too (DGX Spark, RTX Spark, Grace), but no lock for it has been made and nothing was tried there.</source>
        <translation>Die hier festgeschriebenen Pakete sind für x86-64. PyTorch mit CUDA und Unsloth gibt es auch für ARM64 (DGX Spark, RTX Spark, Grace), aber dafür gibt es keine Festschreibung, und nichts wurde dort ausprobiert.</translation>
    </message>
    <message>
        <source>The page Ready checks a file before training starts</source>
        <translation>Die Seite Bereit prüft eine Datei, bevor das Training beginnt</translation>
    </message>
    <message>
        <source>The profile is fixed to {profile} by this computer&apos;s policy file.</source>
        <translation>Das Profil ist durch die Richtliniendatei dieses Computers auf {profile} festgelegt.</translation>
    </message>
    <message>
        <source>The program&apos;s own packages</source>
        <translation>Die eigenen Pakete des Programms</translation>
    </message>
    <message>
        <source>The ratio is gone from transformers 5.17, where warmup_steps takes a share too; a number of steps is understood by every version.</source>
        <translation>Das Verhältnis fehlt ab transformers 5.17, wo warmup_steps auch einen Anteil annimmt; eine Zahl von Schritten versteht jede Version.</translation>
    </message>
    <message>
        <source>The record of the run {run} cannot be read.</source>
        <translation>Die Aufzeichnung des Laufs {run} ist nicht zu lesen.</translation>
    </message>
    <message>
        <source>The rights of {words} could not be set for all users.</source>
        <translation>Die Rechte von {words} ließen sich nicht für alle Benutzer setzen.</translation>
    </message>
    <message>
        <source>The run was asked to go on (resume_from_checkpoint), but the folder holds no whole checkpoint: none was written yet, it lies elsewhere, or only the adapter is there.</source>
        <translation>Der Lauf sollte weitergehen (resume_from_checkpoint), aber der Ordner enthält keinen vollständigen Checkpoint: Noch keiner wurde geschrieben, er liegt woanders, oder nur der Adapter ist da.</translation>
    </message>
    <message>
        <source>The run {run} cannot be gone on with. Its {script} did not say from which step; expected the script that this program wrote.</source>
        <translation>Mit dem Lauf {run} lässt sich nicht weitermachen. Sein {script} sagte nicht, ab welchem Schritt; erwartet wird das Skript, das dieses Programm geschrieben hat.</translation>
    </message>
    <message>
        <source>The run {run} cannot be gone on with. {why}</source>
        <translation>Mit dem Lauf {run} lässt sich nicht weitermachen. {why}</translation>
    </message>
    <message>
        <source>The run {run} cannot be gone on with: {differs}.</source>
        <translation>Mit dem Lauf {run} lässt sich nicht weitermachen: {differs}.</translation>
    </message>
    <message>
        <source>The run {run} has no adapter; expected one that is finished.</source>
        <translation>Der Lauf {run} hat keinen Adapter; erwartet wird ein fertiger Lauf.</translation>
    </message>
    <message>
        <source>The server or what stands in between is broken: choose another index.</source>
        <translation>Der Server oder etwas auf dem Weg zu ihm ist gestört: Wählen Sie einen anderen Index.</translation>
    </message>
    <message>
        <source>The setups for training here are made for CUDA, which runs on NVIDIA cards only. Unsloth itself also trains on AMD and Intel cards; no setup for them has been pinned here. The practice setup works on the processor, with small models.</source>
        <translation>Die Einrichtungen zum Trainieren hier sind für CUDA gemacht, das nur auf NVIDIA-Karten läuft. Unsloth selbst trainiert auch auf Karten von AMD und Intel; für sie ist hier keine Einrichtung festgeschrieben. Die Übungseinrichtung läuft auf dem Prozessor, mit kleinen Modellen.</translation>
    </message>
    <message>
        <source>The system lists the card, but NVIDIA&apos;s driver does not answer. The 580 family is the last that serves {card.architecture} cards: from {card.driver_end} on drivers ignore them.</source>
        <translation>Das System nennt die Karte, aber NVIDIAs Treiber antwortet nicht. Die Familie 580 ist die letzte, die {card.architecture}-Karten bedient: Ab {card.driver_end} übergehen Treiber sie.</translation>
    </message>
    <message>
        <source>The system&apos;s limit of open files is reached</source>
        <translation>Die Grenze des Systems für offene Dateien ist erreicht</translation>
    </message>
    <message>
        <source>The volume of {home} can take only {room:,} more files (free inodes), the plan makes up to {files:,}.</source>
        <translation>Das Laufwerk von {home} kann nur noch {room:,} Dateien aufnehmen (freie Inodes), der Plan legt bis zu {files:,} an.</translation>
    </message>
    <message>
        <source>The volume that holds {path} can take no more files: its inodes are used up, though there may be free space.</source>
        <translation>Das Laufwerk mit {path} kann keine Dateien mehr aufnehmen: Seine Inodes sind aufgebraucht, auch wenn noch Platz frei sein kann.</translation>
    </message>
    <message>
        <source>There is neither config.json nor adapter_config.json where the name points. Usually the name is a folder too high or too low, or spelled another way.</source>
        <translation>Wohin der Name zeigt, gibt es weder config.json noch adapter_config.json. Meist ist der Name einen Ordner zu hoch oder zu tief, oder er wird anders geschrieben.</translation>
    </message>
    <message>
        <source>There is no Jupyter kernel for Python {python} on {platform}.</source>
        <translation>Es gibt keinen Jupyter-Kernel für Python {python} unter {platform}.</translation>
    </message>
    <message>
        <source>There is no active environment here; expected one.</source>
        <translation>Hier gibt es keine aktive Umgebung; erwartet wird eine.</translation>
    </message>
    <message>
        <source>There is no active environment to open a terminal in; expected one.</source>
        <translation>Es gibt keine aktive Umgebung, in der sich ein Terminal öffnen ließe; erwartet wird eine.</translation>
    </message>
    <message>
        <source>There is no active environment to open it with; expected one.</source>
        <translation>Es gibt keine aktive Umgebung, mit der es sich öffnen ließe; erwartet wird eine.</translation>
    </message>
    <message>
        <source>There is no active environment to verify; expected one.</source>
        <translation>Es gibt keine aktive Umgebung, die sich prüfen ließe; erwartet wird eine.</translation>
    </message>
    <message>
        <source>There is no checkpoint to go on from</source>
        <translation>Es gibt keinen Checkpoint, von dem aus es weitergehen könnte</translation>
    </message>
    <message>
        <source>There is no column {column}; the file has {names}.</source>
        <translation>Es gibt keine Spalte {column}; die Datei hat {names}.</translation>
    </message>
    <message>
        <source>There is no encoding {chosen}; expected one such as utf-8, utf-16 or cp1252.</source>
        <translation>Die Kodierung {chosen} gibt es nicht; erwartet wird eine wie utf-8, utf-16 oder cp1252.</translation>
    </message>
    <message>
        <source>There is no environment {environment} to export in.</source>
        <translation>Es gibt keine Umgebung {environment}, in der sich exportieren ließe.</translation>
    </message>
    <message>
        <source>There is no environment {name} to verify; nothing is installed here.</source>
        <translation>Es gibt keine Umgebung {name} zu prüfen; hier ist nichts installiert.</translation>
    </message>
    <message>
        <source>There is no file {path}; expected one with training data.</source>
        <translation>Es gibt keine Datei {path}; erwartet wird eine mit Trainingsdaten.</translation>
    </message>
    <message>
        <source>There is no folder {model}; expected a model&apos;s folder, or its name on the hub such as unsloth/Llama-3.2-1B-Instruct.</source>
        <translation>Es gibt keinen Ordner {model}; erwartet wird der Ordner eines Modells oder sein Name auf dem Hub, etwa unsloth/Llama-3.2-1B-Instruct.</translation>
    </message>
    <message>
        <source>There is no training run {run}; {there}.</source>
        <translation>Es gibt keinen Trainingslauf {run}; {there}.</translation>
    </message>
    <message>
        <source>There is no {what} {path}; expected it there.</source>
        <translation>{what} {path} ist nicht vorhanden, wurde dort aber erwartet.</translation>
    </message>
    <message>
        <source>There is nothing to record: expected a verification on this computer, which ran.</source>
        <translation>Es gibt nichts aufzuzeichnen: Erwartet wird eine Prüfung, die auf diesem Computer lief.</translation>
    </message>
    <message>
        <source>There is nothing to record: expected a verification whose checks and first fine-tune passed (verify without --quick).</source>
        <translation>Es gibt nichts aufzuzeichnen: Erwartet wird eine Prüfung, bei der Prüfungen und erstes Feintuning gelangen (verify ohne --quick).</translation>
    </message>
    <message>
        <source>They are yours and can still be put back.</source>
        <translation>Sie gehören Ihnen und lassen sich noch zurücklegen.</translation>
    </message>
    <message>
        <source>This program and the setup write and delete longer paths all the same: the deepest file of the packages lies 185 characters below its environment, some 217 below {home.path}. Other programs may not open the deepest of them, nor models with long names in deep folders.</source>
        <translation>Dieses Programm und die Einrichtung schreiben und löschen auch längere Pfade: Die tiefste Datei der Pakete liegt 185 Zeichen unter ihrer Umgebung, etwa 217 unter {home.path}. Andere Programme können die tiefsten davon womöglich nicht öffnen, ebenso wenig Modelle mit langen Namen in tiefen Ordnern.</translation>
    </message>
    <message>
        <source>This program makes the training environment again without vLLM</source>
        <translation>Dieses Programm macht die Trainingsumgebung ohne vLLM neu</translation>
    </message>
    <message>
        <source>This setup knows models up to {profile.pinned_on}</source>
        <translation>Diese Einrichtung kennt Modelle bis {profile.pinned_on}</translation>
    </message>
    <message>
        <source>To train on the card, install a driver of the 570 or 580 family and choose another setup.</source>
        <translation>Um auf der Karte zu trainieren, installieren Sie einen Treiber der Reihe 570 oder 580 und wählen Sie eine andere Einrichtung.</translation>
    </message>
    <message>
        <source>Train without torch.compile, or take the setup for older cards, whose Triton lays its kernels out smaller.</source>
        <translation>Trainieren Sie ohne torch.compile, oder nehmen Sie die Einrichtung für ältere Karten, deren Triton seine Kernel kleiner auslegt.</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Training ended well. Merging puts the weights of the whole model into memory in 16 bit, which takes several times what training in 4 bit took. Batch size and context do not matter here.</source>
        <translation>Das Training ist gut zu Ende gegangen. Das Zusammenführen holt die Gewichte des ganzen Modells in 16 Bit in den Speicher; das braucht ein Mehrfaches dessen, was das Training in 4 Bit brauchte. Batchgröße und Kontext spielen hier keine Rolle.</translation>
    </message>
    <message>
        <source>Training needs data; expected a file, or a run to go on with.</source>
        <translation>Training braucht Daten; erwartet wird eine Datei oder ein Lauf, der fortgesetzt werden soll.</translation>
    </message>
    <message>
        <source>Training needs data; expected a file.</source>
        <translation>Training braucht Daten; erwartet wird eine Datei.</translation>
    </message>
    <message>
        <source>Training run {name}</source>
        <translation>Trainingslauf {name}</translation>
    </message>
    <message>
        <source>Training {model}</source>
        <translation>{model} trainieren</translation>
    </message>
    <message>
        <source>Training {model}, from step {step}</source>
        <translation>{model} trainieren, ab Schritt {step}</translation>
    </message>
    <message>
        <source>Training, gone on with: {run}</source>
        <translation>Training, fortgesetzt: {run}</translation>
    </message>
    <message>
        <source>Triton dropped Turing (RTX 20, GTX 16, T4) officially after 3.2: what still compiles runs without the tensor cores.</source>
        <translation>Triton hat Turing (RTX 20, GTX 16, T4) nach 3.2 offiziell aufgegeben: Was sich noch übersetzen lässt, läuft ohne die Tensor Cores.</translation>
    </message>
    <message>
        <source>Triton, which Unsloth is built on, compiles from compute capability 7.0 on, and from 3.3 on officially from 8.0; cards before Volta (GTX 10 and older) stay below.</source>
        <translation>Triton, auf dem Unsloth aufbaut, übersetzt ab Compute Capability 7.0, ab Version 3.3 offiziell ab 8.0; Karten vor Volta (GTX 10 und älter) liegen darunter.</translation>
    </message>
    <message>
        <source>Triton, which Unsloth is built on, compiles from compute capability 7.0 on, and from 3.3 on officially from 8.0; cards before Volta (GTX 10 and older) stay below. The practice setup works on the processor.</source>
        <translation>Triton, auf dem Unsloth aufbaut, übersetzt ab Compute Capability 7.0, ab Version 3.3 offiziell ab 8.0; Karten vor Volta (GTX 10 und älter) liegen darunter. Die Übungseinrichtung läuft auf dem Prozessor.</translation>
    </message>
    <message>
        <source>Turing and Volta: the setup torch26-2025.3</source>
        <translation>Turing und Volta: die Einrichtung torch26-2025.3</translation>
    </message>
    <message>
        <source>Two programs made the same file or folder at once</source>
        <translation>Zwei Programme legten dieselbe Datei oder denselben Ordner zugleich an</translation>
    </message>
    <message>
        <source>Two runs at once could not be kept apart in {home.path}; take a subfolder on a disk of this PC, such as UnslothSetup in your profile.</source>
        <translation>Zwei gleichzeitige Läufe ließen sich in {home.path} nicht auseinanderhalten; nehmen Sie einen Unterordner auf einem Laufwerk dieses PCs, etwa UnslothSetup in Ihrem Profil.</translation>
    </message>
    <message>
        <source>Undo overclocking and undervolting</source>
        <translation>Nehmen Sie Übertaktung und Unterspannung zurück</translation>
    </message>
    <message>
        <source>Undo overclocking and update the driver</source>
        <translation>Nehmen Sie Übertaktung zurück und aktualisieren Sie den Treiber</translation>
    </message>
    <message>
        <source>Unfinished environment {name}</source>
        <translation>Unfertige Umgebung {name}</translation>
    </message>
    <message>
        <source>Unsloth makes GGUF files with the programs of llama.cpp. They are not on this computer, or fetching and building them failed. The trained model itself is whole.</source>
        <translation>Unsloth macht GGUF-Dateien mit den Programmen von llama.cpp. Sie sind nicht auf diesem Computer, oder sie ließen sich nicht laden und bauen. Das trainierte Modell selbst ist heil.</translation>
    </message>
    <message>
        <source>UnslothSetup in your own profile</source>
        <translation>UnslothSetup in Ihrem eigenen Profil</translation>
    </message>
    <message>
        <source>Use a setup of this program as it is; its lists hold a hash for each file; the plan names the few of PyTorch&apos;s that have none on record.</source>
        <translation>Nehmen Sie eine Einrichtung dieses Programms, wie sie ist; ihre Listen enthalten für jede Datei eine Prüfsumme; der Plan nennt die wenigen von PyTorch, für die keine bekannt ist.</translation>
    </message>
    <message>
        <source>Use no worker processes, or allow more open files before the run.</source>
        <translation>Benutzen Sie keine Arbeitsprozesse, oder erlauben Sie vor dem Lauf mehr offene Dateien.</translation>
    </message>
    <message>
        <source>Volta trains with the setup torch26-2025.3; Pascal and older do not train with Unsloth</source>
        <translation>Volta trainiert mit der Einrichtung torch26-2025.3; Pascal und älter trainieren nicht mit Unsloth</translation>
    </message>
    <message>
        <source>What this program knows is older than it should be</source>
        <translation>Was dieses Programm weiß, ist älter, als es sein sollte</translation>
    </message>
    <message>
        <source>What you trained is in it.</source>
        <translation>Was Sie trainiert haben, liegt darin.</translation>
    </message>
    <message>
        <source>What {name} holds is not known from its content or its name; {expected}, or say its format.</source>
        <translation>Was {name} enthält, ist weder am Inhalt noch am Namen zu erkennen; {expected}, oder nennen Sie das Format.</translation>
    </message>
    <message>
        <source>Windows 10 version 1809 (build 17763) is the oldest that this program and its packages support.</source>
        <translation>Windows 10 Version 1809 (Build 17763) ist das älteste, das dieses Programm und seine Pakete unterstützen.</translation>
    </message>
    <message>
        <source>Windows Security, App and browser control, Smart App Control settings: if it is on, it is the reason; it can be switched off</source>
        <translation>Windows-Sicherheit, App- und Browsersteuerung, Einstellungen für Smart App Control (Intelligente App-Steuerung): Ist sie an, ist sie der Grund; sie lässt sich ausschalten</translation>
    </message>
    <message>
        <source>Windows does not follow a link on the path</source>
        <translation>Windows folgt einer Verknüpfung im Pfad nicht</translation>
    </message>
    <message>
        <source>Windows loads known programs only here (application control, AppLocker, a group policy, or Smart App Control). The file is whole, and no scanner stopped it: exclusions and building again change nothing.</source>
        <translation>Windows lädt hier nur bekannte Programme (Anwendungssteuerung, AppLocker, eine Gruppenrichtlinie oder Smart App Control). Die Datei ist heil, und kein Scanner hat sie aufgehalten: Ausschlüsse und neues Bauen ändern nichts.</translation>
    </message>
    <message>
        <source>Windows, as administrator, if it comes again: raise TdrDelay below HKLM\SYSTEM\CurrentControlSet\Control\GraphicsDrivers to 60 and restart</source>
        <translation>Windows, als Administrator, falls es wiederkommt: Erhöhen Sie TdrDelay unter HKLM\SYSTEM\CurrentControlSet\Control\GraphicsDrivers auf 60 und starten Sie neu</translation>
    </message>
    <message>
        <source>Windows, in PowerShell or the terminal that this program opens: $env:CUDA_VISIBLE_DEVICES = &quot;0&quot;, then start the script there</source>
        <translation>Windows, in PowerShell oder im Terminal, das dieses Programm öffnet: $env:CUDA_VISIBLE_DEVICES = &quot;0&quot;, dann dort das Skript starten</translation>
    </message>
    <message>
        <source>Windows, in PowerShell or the terminal that this program opens: $env:UNSLOTH_COMPILE_DISABLE = &quot;1&quot;, then start the script there</source>
        <translation>Windows, in PowerShell oder im Terminal, das dieses Programm öffnet: $env:UNSLOTH_COMPILE_DISABLE = &quot;1&quot;, dann dort das Skript starten</translation>
    </message>
    <message>
        <source>Windows, in PowerShell or the terminal that this program opens: $env:UNSLOTH_DISABLE_STATISTICS = &quot;1&quot;, then start the script there</source>
        <translation>Windows, in PowerShell oder im Terminal, das dieses Programm öffnet: $env:UNSLOTH_DISABLE_STATISTICS = &quot;1&quot;, dann dort das Skript starten</translation>
    </message>
    <message>
        <source>Windows: Docker Desktop with WSL 2 brings it along; update Docker Desktop and the NVIDIA driver</source>
        <translation>Windows: Docker Desktop mit WSL 2 bringt es mit; aktualisieren Sie Docker Desktop und den NVIDIA-Treiber</translation>
    </message>
    <message>
        <source>Windows: get the newest 580 driver for the card from https://www.nvidia.com/drivers, choose a clean installation, restart</source>
        <translation>Windows: Holen Sie den neuesten 580er-Treiber für die Karte von https://www.nvidia.com/drivers, wählen Sie die Neuinstallation und starten Sie neu</translation>
    </message>
    <message>
        <source>Windows: get the ready programs from the releases of llama.cpp, and unpack them into the folder .unsloth\llama.cpp of your user folder, so that llama-quantize.exe lies in it</source>
        <translation>Windows: Holen Sie die fertigen Programme aus den Ausgaben von llama.cpp und entpacken Sie sie in den Ordner .unsloth\llama.cpp Ihres Benutzerordners, sodass llama-quantize.exe darin liegt</translation>
    </message>
    <message>
        <source>Windows: let the system manage the page file (Settings, System, About, Advanced system settings, Performance, Advanced)</source>
        <translation>Windows: Lassen Sie die Auslagerungsdatei vom System verwalten (Einstellungen, System, Info, Erweiterte Systemeinstellungen, Leistung, Erweitert)</translation>
    </message>
    <message>
        <source>With several cards choose one with CUDA_VISIBLE_DEVICES</source>
        <translation>Wählen Sie bei mehreren Karten eine mit CUDA_VISIBLE_DEVICES</translation>
    </message>
    <message>
        <source>Without internet at all set HF_HUB_OFFLINE to 1 in the same way</source>
        <translation>Ganz ohne Internet setzen Sie ebenso HF_HUB_OFFLINE auf 1</translation>
    </message>
    <message>
        <source>Working folder of the checks</source>
        <translation>Arbeitsordner der Prüfungen</translation>
    </message>
    <message>
        <source>Writing a model collects its weights in main memory first, and there was not enough of it. What was trained is lost only if no checkpoint was written.</source>
        <translation>Beim Schreiben eines Modells werden seine Gewichte zuerst im Arbeitsspeicher gesammelt, und davon war nicht genug da. Das Trainierte ist nur verloren, wenn kein Checkpoint geschrieben wurde.</translation>
    </message>
    <message>
        <source>You may want to keep them.</source>
        <translation>Vielleicht möchten Sie sie behalten.</translation>
    </message>
    <message>
        <source>Your own packages are there.</source>
        <translation>Ihre eigenen Pakete sind dort.</translation>
    </message>
    <message>
        <source>Your own packages: {names}</source>
        <translation>Ihre eigenen Pakete: {names}</translation>
    </message>
    <message>
        <source>Your packages</source>
        <translation>Ihre Pakete</translation>
    </message>
    <message>
        <source>Your packages: {names}</source>
        <translation>Ihre Pakete: {names}</translation>
    </message>
    <message>
        <source>a month</source>
        <translation>einen Monat</translation>
    </message>
    <message>
        <source>a second question</source>
        <translation>eine zweite Frage</translation>
    </message>
    <message>
        <source>a system message</source>
        <translation>eine Systemnachricht</translation>
    </message>
    <message>
        <source>a value in it cannot be read ({error})</source>
        <translation>ein Wert darin ist nicht zu lesen ({error})</translation>
    </message>
    <message>
        <source>all_users: a kernel and a menu entry are each user&apos;s own; expected an install without them, and then install --kernel by each user who wants one.</source>
        <translation>all_users: Kernel und Menüeintrag hat jeder Benutzer für sich; erwartet wird eine Installation ohne beide und dann install --kernel durch jeden Benutzer, der einen will.</translation>
    </message>
    <message>
        <source>all_users: the home of all users is {shared}; expected no other home, and {home} was given.</source>
        <translation>all_users: Der Ordner des Programms für alle Benutzer ist {shared}; ein anderer wurde nicht erwartet, angegeben war {home}.</translation>
    </message>
    <message>
        <source>an answer</source>
        <translation>eine Antwort</translation>
    </message>
    <message>
        <source>app control blocked</source>
        <translation>Eine Richtlinie dieses Computers erlaubt nicht, die Datei auszuführen</translation>
    </message>
    <message>
        <source>byte 0x{byte:02x} is no UTF-8</source>
        <translation>Byte 0x{byte:02x} ist kein UTF-8</translation>
    </message>
    <message>
        <source>byte 0x{data:02x} in line {line} is no UTF-8, and the file has no mark</source>
        <translation>Byte 0x{data:02x} in Zeile {line} ist kein UTF-8, und die Datei hat keine Kennung</translation>
    </message>
    <message>
        <source>compiling byte code</source>
        <translation>Bytecode wird erzeugt</translation>
    </message>
    <message>
        <source>config missing</source>
        <translation>Der genannte Ordner oder das Repository enthält kein Modell</translation>
    </message>
    <message>
        <source>container toolkit missing</source>
        <translation>Das Container-Programm kann die Karte nicht in einen Container hineinreichen</translation>
    </message>
    <message>
        <source>cp -r /mnt/d/models/NAME ~/models/</source>
        <translation>cp -r /mnt/d/models/NAME ~/models/</translation>
    </message>
    <message>
        <source>cuda init failed</source>
        <translation>CUDA startet nicht, obwohl der Treiber da ist</translation>
    </message>
    <message>
        <source>data shape</source>
        <translation>Die Daten haben eine andere Form, als das Skript erwartet</translation>
    </message>
    <message>
        <source>dataset script unsupported</source>
        <translation>Der Datensatz ist ein Programm, und datasets führt solche nicht mehr aus</translation>
    </message>
    <message>
        <source>dir /AL in the folder above shows which of them are links</source>
        <translation>dir /AL im Ordner darüber zeigt, welche davon Verknüpfungen sind</translation>
    </message>
    <message>
        <source>display driver reset</source>
        <translation>Die Karte wurde zurückgesetzt, weil eine Berechnung zu lange dauerte</translation>
    </message>
    <message>
        <source>driver too new for card</source>
        <translation>Der NVIDIA-Treiber ist für diese Karte zu neu</translation>
    </message>
    <message>
        <source>every second byte is zero and there is no mark</source>
        <translation>jedes zweite Byte ist null, und eine Kennung fehlt</translation>
    </message>
    <message>
        <source>expected .jsonl, .json, .csv, .tsv, .parquet, .txt or .md</source>
        <translation>erwartet wird .jsonl, .json, .csv, .tsv, .parquet, .txt oder .md</translation>
    </message>
    <message>
        <source>expected one of {known}</source>
        <translation>erwartet wird eines von {known}</translation>
    </message>
    <message>
        <source>file exists race</source>
        <translation>Zwei Programme legten dieselbe Datei oder denselben Ordner zugleich an</translation>
    </message>
    <message>
        <source>gguf llama cpp missing</source>
        <translation>llama.cpp, das GGUF-Dateien macht, ist nicht da</translation>
    </message>
    <message>
        <source>gpu lost</source>
        <translation>Die Karte ist weg: Der Treiber hat sie verloren</translation>
    </message>
    <message>
        <source>holds files that are not this program&apos;s</source>
        <translation>enthält Dateien, die nicht von diesem Programm sind</translation>
    </message>
    <message>
        <source>huggingface.co, Settings, Access Tokens: make a new token that may read</source>
        <translation>huggingface.co, Settings, Access Tokens: Machen Sie ein neues Token, das lesen darf</translation>
    </message>
    <message>
        <source>import order</source>
        <translation>unsloth muss zuerst importiert werden</translation>
    </message>
    <message>
        <source>index {network.index}, PyTorch index {network.pytorch}, proxy {network.proxy}</source>
        <translation>Index {network.index}, PyTorch-Index {network.pytorch}, Proxy {network.proxy}</translation>
    </message>
    <message>
        <source>is a 7-Zip archive; unpack it first</source>
        <translation>ist ein 7-Zip-Archiv; entpacken Sie es zuerst</translation>
    </message>
    <message>
        <source>is a Git LFS pointer: the data themselves were not downloaded</source>
        <translation>ist ein Zeiger von Git LFS: Die Daten selbst wurden nicht geladen</translation>
    </message>
    <message>
        <source>is a Linux program</source>
        <translation>ist ein Linux-Programm</translation>
    </message>
    <message>
        <source>is a PDF; save its text as .txt</source>
        <translation>ist ein PDF; speichern Sie den Text daraus als .txt</translation>
    </message>
    <message>
        <source>is a RAR archive; unpack it first</source>
        <translation>ist ein RAR-Archiv; entpacken Sie es zuerst</translation>
    </message>
    <message>
        <source>is a Windows program</source>
        <translation>ist ein Windows-Programm</translation>
    </message>
    <message>
        <source>is a folder of the system</source>
        <translation>ist ein Ordner des Systems</translation>
    </message>
    <message>
        <source>is a model in GGUF form, not training data</source>
        <translation>ist ein Modell in GGUF-Form, keine Trainingsdaten</translation>
    </message>
    <message>
        <source>is a person&apos;s own folder</source>
        <translation>ist der eigene Ordner eines Benutzers</translation>
    </message>
    <message>
        <source>is a rich text document; save it as plain text</source>
        <translation>ist ein Rich-Text-Dokument; speichern Sie es als reinen Text</translation>
    </message>
    <message>
        <source>is a zip file or an Office document; unpack it, or save the table as CSV (UTF-8)</source>
        <translation>ist eine Zip-Datei oder ein Office-Dokument; entpacken Sie sie, oder speichern Sie die Tabelle als CSV (UTF-8)</translation>
    </message>
    <message>
        <source>is an Arrow file; save it as Parquet or JSON lines</source>
        <translation>ist eine Arrow-Datei; speichern Sie sie als Parquet oder JSON Lines</translation>
    </message>
    <message>
        <source>is an SQLite database; export the table as CSV</source>
        <translation>ist eine SQLite-Datenbank; exportieren Sie die Tabelle als CSV</translation>
    </message>
    <message>
        <source>is an older Office document; save the table as CSV (UTF-8)</source>
        <translation>ist ein älteres Office-Dokument; speichern Sie die Tabelle als CSV (UTF-8)</translation>
    </message>
    <message>
        <source>is compressed (bzip2); unpack it first</source>
        <translation>ist komprimiert (bzip2); entpacken Sie es zuerst</translation>
    </message>
    <message>
        <source>is compressed (gzip); unpack it first</source>
        <translation>ist komprimiert (gzip); entpacken Sie es zuerst</translation>
    </message>
    <message>
        <source>is compressed (xz); unpack it first</source>
        <translation>ist komprimiert (xz); entpacken Sie es zuerst</translation>
    </message>
    <message>
        <source>is compressed (zstd); unpack it first</source>
        <translation>ist komprimiert (zstd); entpacken Sie es zuerst</translation>
    </message>
    <message>
        <source>is the root of a drive</source>
        <translation>ist das Stammverzeichnis eines Laufwerks</translation>
    </message>
    <message>
        <source>it does not work</source>
        <translation>sie läuft nicht</translation>
    </message>
    <message>
        <source>it ended before it was through, with exit code 0</source>
        <translation>es endete mit Exit-Code 0, bevor es durch war</translation>
    </message>
    <message>
        <source>it has more than {limit} kB; expected a few lines</source>
        <translation>darin stehen mehr als {limit} kB; erwartet werden wenige Zeilen</translation>
    </message>
    <message>
        <source>it has no &apos;{name}&apos;</source>
        <translation>&apos;{name}&apos; fehlt darin</translation>
    </message>
    <message>
        <source>it has one key in two spellings</source>
        <translation>ein Schlüssel steht darin in zwei Schreibweisen</translation>
    </message>
    <message>
        <source>it holds half a character</source>
        <translation>darin steht ein halbes Zeichen</translation>
    </message>
    <message>
        <source>it works</source>
        <translation>sie läuft</translation>
    </message>
    <message>
        <source>it works, but slowly</source>
        <translation>sie läuft, aber langsam</translation>
    </message>
    <message>
        <source>lies on a disk without locks, where two runs at once could not be kept apart</source>
        <translation>liegt auf einem Laufwerk ohne Sperren, auf dem sich zwei gleichzeitige Läufe nicht auseinanderhalten ließen</translation>
    </message>
    <message>
        <source>linking files</source>
        <translation>Dateien werden verknüpft</translation>
    </message>
    <message>
        <source>llama.cpp, which makes GGUF files, is not there</source>
        <translation>llama.cpp, das GGUF-Dateien macht, ist nicht da</translation>
    </message>
    <message>
        <source>loss not a number</source>
        <translation>Der Verlust ist keine Zahl mehr</translation>
    </message>
    <message>
        <source>merge memory</source>
        <translation>Der Speicher ging zu Ende, während der Adapter mit dem Modell zusammengeführt wurde</translation>
    </message>
    <message>
        <source>message {number} of &apos;{name}&apos;</source>
        <translation>Nachricht {number} von &apos;{name}&apos;</translation>
    </message>
    <message>
        <source>model file truncated</source>
        <translation>Eine Modelldatei ist nicht vollständig</translation>
    </message>
    <message>
        <source>model too new</source>
        <translation>Das Modell ist neuer als die Pakete, die es lesen sollen</translation>
    </message>
    <message>
        <source>model.save_pretrained(folder, max_shard_size=&quot;2GB&quot;)</source>
        <translation>model.save_pretrained(folder, max_shard_size=&quot;2GB&quot;)</translation>
    </message>
    <message>
        <source>no checkpoint</source>
        <translation>Es gibt keinen Checkpoint, von dem aus es weitergehen könnte</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>nvidia-smi lists the programs that hold the card; a compute mode of Exclusive allows one only: nvidia-smi -c 0 as administrator sets it back</source>
        <translation>nvidia-smi nennt die Programme, die die Karte belegen; der Rechenmodus Exclusive erlaubt nur eines: nvidia-smi -c 0 als Administrator setzt ihn zurück</translation>
    </message>
    <message>
        <source>ollama template</source>
        <translation>Ollama versteht die Chatvorlage des Modells nicht</translation>
    </message>
    <message>
        <source>open files limit</source>
        <translation>Die Grenze des Systems für offene Dateien ist erreicht</translation>
    </message>
    <message>
        <source>own file shadows package</source>
        <translation>Eine Ihrer Dateien heißt wie ein Paket und verdeckt es</translation>
    </message>
    <message>
        <source>packages add needs the name of a package.</source>
        <translation>packages add braucht den Namen eines Pakets.</translation>
    </message>
    <message>
        <source>packages undo takes back what was added last.</source>
        <translation>packages undo nimmt zurück, was zuletzt hinzukam.</translation>
    </message>
    <message>
        <source>path trusted link</source>
        <translation>Windows folgt einer Verknüpfung im Pfad nicht</translation>
    </message>
    <message>
        <source>pinned on {profile.pinned_on}</source>
        <translation>festgeschrieben am {profile.pinned_on}</translation>
    </message>
    <message>
        <source>pip belongs to another Python</source>
        <translation>pip gehört zu einem anderen Python</translation>
    </message>
    <message>
        <source>pip: --timeout 120; uv: UV_HTTP_TIMEOUT=300; Hugging Face: HF_HUB_DOWNLOAD_TIMEOUT=60 (PowerShell: $env:HF_HUB_DOWNLOAD_TIMEOUT = &quot;60&quot;)</source>
        <translation>pip: --timeout 120; uv: UV_HTTP_TIMEOUT=300; Hugging Face: HF_HUB_DOWNLOAD_TIMEOUT=60 (PowerShell: $env:HF_HUB_DOWNLOAD_TIMEOUT = &quot;60&quot;)</translation>
    </message>
    <message>
        <source>print(dataset[0]) shows what a row holds; its names must be those that the script uses</source>
        <translation>print(dataset[0]) zeigt, was eine Zeile enthält; deren Namen müssen die sein, die das Skript benutzt</translation>
    </message>
    <message>
        <source>python -c &quot;import sys; print(sys.executable)&quot; shows which one that is</source>
        <translation>python -c &quot;import sys; print(sys.executable)&quot; zeigt, welches das ist</translation>
    </message>
    <message>
        <source>save memory</source>
        <translation>Der Arbeitsspeicher ging zu Ende, während das Modell gespeichert wurde</translation>
    </message>
    <message>
        <source>save_steps must be smaller than the number of steps, or none is written before the end</source>
        <translation>save_steps muss kleiner sein als die Zahl der Schritte, sonst wird vor dem Ende keiner geschrieben</translation>
    </message>
    <message>
        <source>several cards unsupported</source>
        <translation>Ein Modell wurde auf mehrere Karten verteilt oder liegt auf einer anderen</translation>
    </message>
    <message>
        <source>smart app control</source>
        <translation>Smart App Control erlaubt nicht, die Datei auszuführen</translation>
    </message>
    <message>
        <source>statistics timeout</source>
        <translation>Eine Zählung bei Hugging Face antwortete nicht, und Unsloth hielt deswegen an</translation>
    </message>
    <message>
        <source>the last message is no answer</source>
        <translation>die letzte Nachricht ist keine Antwort</translation>
    </message>
    <message>
        <source>the library gave no answer</source>
        <translation>die Bibliothek gab keine Antwort</translation>
    </message>
    <message>
        <source>the page of {name}</source>
        <translation>die Seite von {name}</translation>
    </message>
    <message>
        <source>the processor</source>
        <translation>der Prozessor</translation>
    </message>
    <message>
        <source>there is none here</source>
        <translation>hier gibt es keinen</translation>
    </message>
    <message>
        <source>token invalid</source>
        <translation>Das Hugging-Face-Token ist ungültig oder darf das nicht</translation>
    </message>
    <message>
        <source>train --resume {run} goes on with it.</source>
        <translation>train --resume {run} setzt ihn fort.</translation>
    </message>
    <message>
        <source>triton cpu tensor</source>
        <translation>Der Karte wurde ein Tensor im Arbeitsspeicher übergeben</translation>
    </message>
    <message>
        <source>triton shared memory</source>
        <translation>Ein übersetzter Kernel ist für diese Karte zu groß</translation>
    </message>
    <message>
        <source>trl 0.16 brought max_length and 0.20 dropped the old name; the script uses the name that this profile&apos;s trl knows.</source>
        <translation>trl 0.16 brachte max_length, und 0.20 ließ den alten Namen fallen; das Skript benutzt den Namen, den das trl dieses Profils kennt.</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>unsloth has to be imported first</source>
        <translation>unsloth muss zuerst importiert werden</translation>
    </message>
    <message>
        <source>untrained tokens</source>
        <translation>Das Basismodell hat einige Token der Chatvorlage nie gelernt</translation>
    </message>
    <message>
        <source>uv did not say which address it asks by default.</source>
        <translation>uv hat nicht gesagt, welche Adresse es von sich aus fragt.</translation>
    </message>
    <message>
        <source>vLLM and the training packages want different torches</source>
        <translation>vLLM und die Pakete zum Trainieren wollen verschiedene torch</translation>
    </message>
    <message>
        <source>vLLM is compiled for exactly one torch and brings it along when it is installed. Beside Unsloth&apos;s pins the two do not fit.</source>
        <translation>vLLM wird für genau ein torch übersetzt und bringt es bei der Installation mit. Neben dem, was Unsloth festschreibt, passen beide nicht zusammen.</translation>
    </message>
    <message>
        <source>vllm conflict</source>
        <translation>vLLM und die Pakete zum Trainieren wollen verschiedene torch</translation>
    </message>
    <message>
        <source>wrong pip</source>
        <translation>pip gehört zu einem anderen Python</translation>
    </message>
    <message>
        <source>wsl slow mount</source>
        <translation>Die Dateien liegen auf dem Windows-Laufwerk, das WSL nur langsam liest</translation>
    </message>
    <message>
        <source>xformers 0.0.35 was built with CUDA 12.8: beside CUDA 13.0 its compiled part is off, and PyTorch&apos;s attention is used.</source>
        <translation>xformers 0.0.35 wurde mit CUDA 12.8 gebaut: Neben CUDA 13.0 ist sein übersetzter Teil aus, und die Attention von PyTorch wird benutzt.</translation>
    </message>
    <message>
        <source>{address} did not tell a version; expected JSON such as {&quot;version&quot;: &quot;1.2.0&quot;, &quot;page&quot;: &quot;https://…&quot;}.</source>
        <translation>{address} nannte keine Version; erwartet wird JSON wie {&quot;version&quot;: &quot;1.2.0&quot;, &quot;page&quot;: &quot;https://…&quot;}.</translation>
    </message>
    <message>
        <source>{age} for {card.architecture} cards, pinned on {pinned_on}{safety}</source>
        <translation>{age} für {card.architecture}-Karten, festgeschrieben am {pinned_on}{safety}</translation>
    </message>
    <message>
        <source>{asked} cannot be added without changing a package of the setup. {reason}</source>
        <translation>{asked} lässt sich nicht hinzufügen, ohne ein Paket der Einrichtung zu ändern. {reason}</translation>
    </message>
    <message>
        <source>{asked} cannot be added: the index has no such package.</source>
        <translation>{asked} lässt sich nicht hinzufügen: Der Index hat kein solches Paket.</translation>
    </message>
    <message>
        <source>{asked} would change {gone}, which is refused.</source>
        <translation>{asked} würde {gone} ändern; das wird abgelehnt.</translation>
    </message>
    <message>
        <source>{card.name}, driver {driver.version}</source>
        <translation>{card.name}, Treiber {driver.version}</translation>
    </message>
    <message>
        <source>{days} days</source>
        <translation>{days} Tage</translation>
    </message>
    <message>
        <source>{environment} was never verified.</source>
        <translation>{environment} wurde nie geprüft.</translation>
    </message>
    <message>
        <source>{figure}, at the {clock:.0f} MHz that this card ran at under its power budget</source>
        <translation>{figure}, bei den {clock:.0f} MHz, mit denen diese Karte in ihrem Leistungsrahmen lief</translation>
    </message>
    <message>
        <source>{file} is not the file that this setup pins, so its fetching of code could not be closed.</source>
        <translation>{file} ist nicht die Datei, die diese Einrichtung festschreibt, daher ließ sich das Nachladen von Code darin nicht abstellen.</translation>
    </message>
    <message>
        <source>{folder} is prepared.</source>
        <translation>{folder} ist vorbereitet.</translation>
    </message>
    <message>
        <source>{found} stands where a question was expected</source>
        <translation>{found} steht, wo eine Frage erwartet wurde</translation>
    </message>
    <message>
        <source>{found} stands where an answer was expected</source>
        <translation>{found} steht, wo eine Antwort erwartet wurde</translation>
    </message>
    <message>
        <source>{given} is no package; expected a name such as wandb or wandb==0.23.</source>
        <translation>{given} ist kein Paket; erwartet wird ein Name wie wandb oder wandb==0.23.</translation>
    </message>
    <message>
        <source>{hint} The setup itself does not need the hub; models come from it, or from a folder.</source>
        <translation>{hint} Die Einrichtung selbst braucht den Hub nicht; von ihm kommen Modelle, oder aus einem Ordner.</translation>
    </message>
    <message>
        <source>{home.path} belongs to a person and not to a program, which replaces and deletes files in its folder; take a subfolder such as {home.subfolder}.</source>
        <translation>{home.path} gehört einem Benutzer und nicht einem Programm, das in seinem Ordner Dateien ersetzt und löscht; nehmen Sie einen Unterordner wie {home.subfolder}.</translation>
    </message>
    <message>
        <source>{home.path} is not empty and was not made by this program, which replaces and deletes files in its folder; take a subfolder such as {home.subfolder}.</source>
        <translation>{home.path} ist nicht leer und wurde nicht von diesem Programm angelegt, das in seinem Ordner Dateien ersetzt und löscht; nehmen Sie einen Unterordner wie {home.subfolder}.</translation>
    </message>
    <message>
        <source>{home.path} is one of the system&apos;s folders, in which this program changes nothing; take a subfolder of your own profile, such as UnslothSetup.</source>
        <translation>{home.path} ist einer der Ordner des Systems, in denen dieses Programm nichts ändert; nehmen Sie einen Unterordner Ihres eigenen Profils, etwa UnslothSetup.</translation>
    </message>
    <message>
        <source>{home} is not an administrator&apos;s folder, or others may write to it; what lies there cannot be trusted by all users.</source>
        <translation>{home} ist kein Ordner eines Administrators, oder andere dürfen hineinschreiben; was dort liegt, können nicht alle Benutzer für vertrauenswürdig halten.</translation>
    </message>
    <message>
        <source>{hostname} would be asked without TLS, which is refused.</source>
        <translation>Der Server {hostname} würde ohne TLS gefragt; das wird abgelehnt.</translation>
    </message>
    <message>
        <source>{host} is no address that can be used.</source>
        <translation>{host} ist keine brauchbare Adresse.</translation>
    </message>
    <message>
        <source>{host} sends more for {file} than that file has: over {most:,} bytes.</source>
        <translation>Der Server {host} sendet für {file} mehr, als diese Datei hat: über {most:,} Bytes.</translation>
    </message>
    <message>
        <source>{host} sends the request on to {target}, which is no address.</source>
        <translation>Der Server {host} leitet die Anfrage weiter an {target}, was keine Adresse ist.</translation>
    </message>
    <message>
        <source>{label} is in the menu.</source>
        <translation>{label} steht im Menü.</translation>
    </message>
    <message>
        <source>{message} Expected a file with training data.</source>
        <translation>{message} Erwartet wird eine Datei mit Trainingsdaten.</translation>
    </message>
    <message>
        <source>{message} What is left of it is deleted at the next start.</source>
        <translation>{message} Was davon übrig ist, wird beim nächsten Start gelöscht.</translation>
    </message>
    <message>
        <source>{model} is a GGUF file, which can be run but not trained; expected a model&apos;s folder or its name on the hub.</source>
        <translation>{model} ist eine GGUF-Datei, die sich ausführen, aber nicht trainieren lässt; erwartet wird der Ordner eines Modells oder sein Name auf dem Hub.</translation>
    </message>
    <message>
        <source>{model} is in {cache}.</source>
        <translation>{model} liegt in {cache}.</translation>
    </message>
    <message>
        <source>{months} months</source>
        <translation>{months} Monate</translation>
    </message>
    <message>
        <source>{name} begins with the mark of {mark}, but the encoding asked for is {chosen}.</source>
        <translation>{name} beginnt mit der Kennung von {mark}, verlangt ist aber die Kodierung {chosen}.</translation>
    </message>
    <message>
        <source>{name} has no list {list}; it has {names}.</source>
        <translation>{name} hat keine Liste {list}; vorhanden sind {names}.</translation>
    </message>
    <message>
        <source>{name} has {count:.1f} GB; expected at most {limit} GB. Split it.</source>
        <translation>{name} hat {count:.1f} GB; erwartet werden höchstens {limit} GB. Teilen Sie die Datei.</translation>
    </message>
    <message>
        <source>{name} has {size:.1f} GB; expected at most {limit} GB. Split it.</source>
        <translation>{name} hat {size:.1f} GB; erwartet werden höchstens {limit} GB. Teilen Sie die Datei.</translation>
    </message>
    <message>
        <source>{name} holds no row that can be used{why}.</source>
        <translation>{name} enthält keine brauchbare Zeile{why}.</translation>
    </message>
    <message>
        <source>{name} holds several lists of rows: {names}; say which one to use.</source>
        <translation>{name} enthält mehrere Listen von Zeilen: {names}; nennen Sie die, die benutzt werden soll.</translation>
    </message>
    <message>
        <source>{name} is a Parquet file; it is read inside an installed environment.</source>
        <translation>{name} ist eine Parquet-Datei; sie wird in einer installierten Umgebung gelesen.</translation>
    </message>
    <message>
        <source>{name} is a web page, not data: perhaps an error page was saved in its place; {expected}.</source>
        <translation>{name} ist eine Webseite, keine Daten: Vielleicht wurde an ihrer Stelle eine Fehlerseite gespeichert; {expected}.</translation>
    </message>
    <message>
        <source>{name} is empty.</source>
        <translation>{name} ist leer.</translation>
    </message>
    <message>
        <source>{name} is larger than {limit} MB; expected a machine file, which has some 50 kB.</source>
        <translation>{name} ist größer als {limit} MB; erwartet wird eine Maschinendatei, die etwa 50 kB hat.</translation>
    </message>
    <message>
        <source>{name} is larger than {limit} MB; expected a report of this program.</source>
        <translation>{name} ist größer als {limit} MB; erwartet wird ein Bericht dieses Programms.</translation>
    </message>
    <message>
        <source>{name} is neither UTF-8 nor {encoding}: {why}.</source>
        <translation>{name} ist weder UTF-8 noch {encoding}: {why}.</translation>
    </message>
    <message>
        <source>{name} is no Parquet file: its signature (PAR1 at both ends) is missing, as after a broken download.</source>
        <translation>{name} ist keine Parquet-Datei: Ihre Kennung (PAR1 an beiden Enden) fehlt, wie nach einem abgebrochenen Download.</translation>
    </message>
    <message>
        <source>{name} is not JSON: line {line}, column {column}: {why}.</source>
        <translation>{name} ist kein JSON: Zeile {line}, Spalte {column}: {why}.</translation>
    </message>
    <message>
        <source>{name} is not in it.</source>
        <translation>{name} ist nicht dabei.</translation>
    </message>
    <message>
        <source>{name} is not text: it holds zero bytes; {expected}.</source>
        <translation>{name} ist kein Text: Darin stehen Nullbytes; {expected}.</translation>
    </message>
    <message>
        <source>{name} is not {encoding}: byte 0x{data:02x} in line {line} has no meaning there.</source>
        <translation>{name} ist nicht {encoding}: Byte 0x{data:02x} in Zeile {line} hat dort keine Bedeutung.</translation>
    </message>
    <message>
        <source>{name} is one JSON object without a list of rows; expected an array of objects, or one list inside.</source>
        <translation>{name} ist ein einzelnes JSON-Objekt ohne eine Liste von Zeilen; erwartet wird ein Array von Objekten oder eine Liste darin.</translation>
    </message>
    <message>
        <source>{name} lists too many files; expected a report of this program.</source>
        <translation>{name} führt zu viele Dateien auf; erwartet wird ein Bericht dieses Programms.</translation>
    </message>
    <message>
        <source>{name} {other} comes in.</source>
        <translation>{name} {other} kommt hinzu.</translation>
    </message>
    <message>
        <source>{name} {other} instead of {one}.{more}</source>
        <translation>{name} {other} statt {one}.{more}</translation>
    </message>
    <message>
        <source>{name}: {member} is packed in a way that reports do not use; expected a report of this program.</source>
        <translation>{name}: {member} ist auf eine Art gepackt, die Berichte nicht benutzen; erwartet wird ein Bericht dieses Programms.</translation>
    </message>
    <message>
        <source>{network.index_fault} Company networks and virus scanners replace certificates; their root must be in the system&apos;s store.</source>
        <translation>{network.index_fault} Firmennetze und Virenscanner ersetzen Zertifikate; ihr Stammzertifikat muss im Speicher des Systems sein.</translation>
    </message>
    <message>
        <source>{network.index_fault} Every file comes from the package index or from an offline folder.</source>
        <translation>{network.index_fault} Jede Datei kommt vom Paketindex oder aus einem Offline-Ordner.</translation>
    </message>
    <message>
        <source>{network.index_fault} PyTorch&apos;s index answers, so the PC is not offline.</source>
        <translation>{network.index_fault} Der PyTorch-Index antwortet, der PC ist also nicht offline.</translation>
    </message>
    <message>
        <source>{network.pytorch_fault} PyTorch&apos;s own wheels come from download.pytorch.org, or from a mirror of it.</source>
        <translation>{network.pytorch_fault} PyTorchs eigene Pakete kommen von download.pytorch.org oder von einem Spiegel davon.</translation>
    </message>
    <message>
        <source>{one} to download and {two} on disk.</source>
        <translation>{one} zu laden und {two} auf der Platte.</translation>
    </message>
    <message>
        <source>{option}: the policy file {name} fixes this choice to {value}.</source>
        <translation>{option}: Die Richtliniendatei {name} legt diese Wahl auf {value} fest.</translation>
    </message>
    <message>
        <source>{package} is given by an address, which has no hash; expected a name.</source>
        <translation>{package} ist mit einer Adresse angegeben, und die hat keine Prüfsumme; erwartet wird ein Name.</translation>
    </message>
    <message>
        <source>{path} also holds {left}, which this program did not put there: it stays.</source>
        <translation>{path} enthält auch {left}, was nicht von diesem Programm stammt: Es bleibt.</translation>
    </message>
    <message>
        <source>{path} belongs to an account of the system, under which no person works; expected install --all-users, whose home every user of this PC shares.</source>
        <translation>{path} gehört zu einem Konto des Systems, unter dem niemand arbeitet; erwartet wird install --all-users, dessen Ordner sich alle Benutzer dieses PCs teilen.</translation>
    </message>
    <message>
        <source>{path} could not be read as Parquet inside {environment}.</source>
        <translation>{path} ließ sich in {environment} nicht als Parquet lesen.</translation>
    </message>
    <message>
        <source>{path} holds {size:.1f} GB of text; expected at most {limit} GB. Split it.</source>
        <translation>{path} enthält {size:.1f} GB Text; erwartet werden höchstens {limit} GB. Teilen Sie die Datei.</translation>
    </message>
    <message>
        <source>{path} is a folder; expected a file with training data.</source>
        <translation>{path} ist ein Ordner; erwartet wird eine Datei mit Trainingsdaten.</translation>
    </message>
    <message>
        <source>{path} is in use by {named} and could not be changed.</source>
        <translation>{path} wird von {named} benutzt und ließ sich nicht ändern.</translation>
    </message>
    <message>
        <source>{path} is larger than {limit} MB, which no file of its kind is.</source>
        <translation>{path} ist größer als {limit} MB; so groß ist keine Datei dieser Art.</translation>
    </message>
    <message>
        <source>{path} was not made by this program, so it is neither replaced nor deleted.</source>
        <translation>{path} wurde nicht von diesem Programm angelegt und wird daher weder ersetzt noch gelöscht.</translation>
    </message>
    <message>
        <source>{path} {why}; expected an empty folder of its own, such as {other}.</source>
        <translation>{path} {why}; erwartet wird ein eigener, leerer Ordner, etwa {other}.</translation>
    </message>
    <message>
        <source>{program.days_stale} days past</source>
        <translation>{program.days_stale} Tage überfällig</translation>
    </message>
    <message>
        <source>{rows:,} row</source>
        <translation>{rows:,} Zeile</translation>
    </message>
    <message>
        <source>{rows:,} rows</source>
        <translation>{rows:,} Zeilen</translation>
    </message>
    <message>
        <source>{shown} is no address; expected one that begins with https:// or file://.</source>
        <translation>{shown} ist keine Adresse; erwartet wird eine, die mit https:// oder file:// beginnt.</translation>
    </message>
    <message>
        <source>{size} less</source>
        <translation>{size} weniger</translation>
    </message>
    <message>
        <source>{size} more</source>
        <translation>{size} mehr</translation>
    </message>
    <message>
        <source>{source} has changed since it was looked at.</source>
        <translation>{source} hat sich geändert, seit es angesehen wurde.</translation>
    </message>
    <message>
        <source>{target} is no folder; expected a new or empty one.</source>
        <translation>{target} ist kein Ordner; erwartet wird ein neuer oder leerer.</translation>
    </message>
    <message>
        <source>{variables} in this environment.</source>
        <translation>{variables} in dieser Umgebung.</translation>
    </message>
    <message>
        <source>{what} broke off ({ending}).</source>
        <translation>{what} brach ab ({ending}).</translation>
    </message>
    <message>
        <source>{where} calls a tool, which is not trained here</source>
        <translation>{where} ruft ein Werkzeug auf, was hier nicht trainiert wird</translation>
    </message>
    <message>
        <source>{where} has no content</source>
        <translation>{where} hat keinen Inhalt</translation>
    </message>
    <message>
        <source>{where} has the role {role}; expected system, user or assistant</source>
        <translation>{where} hat die Rolle {role}; erwartet wird system, user oder assistant</translation>
    </message>
    <message>
        <source>{where} holds something that is not text, such as a picture</source>
        <translation>{where} enthält etwas, das kein Text ist, etwa ein Bild</translation>
    </message>
    <message>
        <source>{where} is empty</source>
        <translation>{where} ist leer</translation>
    </message>
    <message>
        <source>{where} is no text</source>
        <translation>{where} ist kein Text</translation>
    </message>
    <message>
        <source>{where} is not an object with a role and a content</source>
        <translation>{where} ist kein Objekt mit Rolle (role) und Inhalt (content)</translation>
    </message>
    <message>
        <source>{where} is true or false</source>
        <translation>{where} ist true oder false</translation>
    </message>
    <message>
        <source>{word} holds a double quote, which PowerShell 5.1 hands on wrongly.</source>
        <translation>{word} enthält ein doppeltes Anführungszeichen, das PowerShell 5.1 falsch weitergibt.</translation>
    </message>
    <message>
        <source>{word} holds a name in braces that Jupyter would replace; expected another folder.</source>
        <translation>{word} enthält einen Namen in geschweiften Klammern, den Jupyter ersetzen würde; erwartet wird ein anderer Ordner.</translation>
    </message>
    <message>
        <source>{word} holds one of the signs &quot; and %, which cmd cannot be given.</source>
        <translation>{word} enthält eines der Zeichen &quot; und %, die sich cmd nicht übergeben lassen.</translation>
    </message>
    <message>
        <source>--{option} is {value}; expected a number from {low} to {high}.</source>
        <translation>--{option} ist {value}; erwartet wird eine Zahl von {low} bis {high}.</translation>
    </message>
    <message>
        <source>Choose a folder such as C:\Unsloth, with letters that this Windows&apos; code page has.</source>
        <translation>Wählen Sie einen Ordner wie C:\Unsloth, mit Buchstaben, die die Codepage dieses Windows hat.</translation>
    </message>
    <message>
        <source>Controlled Folder Access is on</source>
        <translation>Der überwachte Ordnerzugriff ist an</translation>
    </message>
    <message>
        <source>Controlled Folder Access keeps programs that Defender does not know from writing into Documents, Pictures, Desktop and other folders that it guards: a model saved there may be refused.</source>
        <translation>Der überwachte Ordnerzugriff lässt Programme, die Defender nicht kennt, nicht in Dokumente, Bilder, Desktop und andere überwachte Ordner schreiben: Ein Modell dort zu speichern, kann verweigert werden.</translation>
    </message>
    <message>
        <source>Go on; where an import is stopped, the page of the failed check says so. Switching it off is a choice for the whole PC: Windows Security, App &amp; browser control.</source>
        <translation>Machen Sie weiter; wird ein Import aufgehalten, sagt es die Seite der fehlgeschlagenen Prüfung. Das Ausschalten gilt für den ganzen PC: Windows-Sicherheit, App- &amp; Browsersteuerung.</translation>
    </message>
    <message>
        <source>In S mode Windows runs programs from Microsoft&apos;s store only, so no Python of this setup can start.</source>
        <translation>Im S-Modus führt Windows nur Programme aus Microsofts Store aus, daher kann kein Python dieser Einrichtung starten.</translation>
    </message>
    <message>
        <source>In a terminal of your own set TEMP and TMP to a folder such as C:\Temp before you train.</source>
        <translation>Setzen Sie in einem eigenen Terminal TEMP und TMP auf einen Ordner wie C:\Temp, bevor Sie trainieren.</translation>
    </message>
    <message>
        <source>Leave S mode in Settings, System, Activation: it is free and cannot be undone.</source>
        <translation>Verlassen Sie den S-Modus in Einstellungen, System, Aktivierung: Das ist kostenlos und lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>Needs another Windows</source>
        <translation>Braucht ein anderes Windows</translation>
    </message>
    <message>
        <source>S mode is on</source>
        <translation>Der S-Modus ist an</translation>
    </message>
    <message>
        <source>Save models outside of these folders, or allow the environment&apos;s python.exe in Windows Security, Ransomware protection.</source>
        <translation>Speichern Sie Modelle außerhalb dieser Ordner, oder erlauben Sie die python.exe der Umgebung in Windows-Sicherheit, Ransomware-Schutz.</translation>
    </message>
    <message>
        <source>Smart App Control is on</source>
        <translation>Smart App Control ist an</translation>
    </message>
    <message>
        <source>Smart App Control: on</source>
        <translation>Smart App Control: an</translation>
    </message>
    <message>
        <source>The folder of temporary files has letters that a compiler cannot read</source>
        <translation>Der Ordner für temporäre Dateien hat Buchstaben, die ein Compiler nicht lesen kann</translation>
    </message>
    <message>
        <source>The folder&apos;s path has letters that a compiler cannot read</source>
        <translation>Der Pfad des Ordners hat Buchstaben, die ein Compiler nicht lesen kann</translation>
    </message>
    <message>
        <source>Triton compiles with TinyCC, which finds no file where the path has letters outside Windows&apos; code page {os.code_page}: {home.foreign}. Training on the card would stop at its first step.</source>
        <translation>Triton übersetzt mit TinyCC, und das findet keine Datei, wenn der Pfad Buchstaben außerhalb der Codepage {os.code_page} von Windows hat: {home.foreign}. Das Training auf der Karte würde beim ersten Schritt abbrechen.</translation>
    </message>
    <message>
        <source>Triton compiles with TinyCC, which finds no file where the path has letters outside Windows&apos; code page {os.code_page}: {home.temp_foreign}. What this program starts keeps its temporary files under {home.path} instead.</source>
        <translation>Triton übersetzt mit TinyCC, und das findet keine Datei, wenn der Pfad Buchstaben außerhalb der Codepage {os.code_page} von Windows hat: {home.temp_foreign}. Was dieses Programm startet, hat seine temporären Dateien stattdessen unter {home.path}.</translation>
    </message>
    <message>
        <source>Windows guards your folders</source>
        <translation>Windows überwacht Ihre Ordner</translation>
    </message>
    <message>
        <source>Windows runs in S mode</source>
        <translation>Windows läuft im S-Modus</translation>
    </message>
    <message>
        <source>A bundle that is made with --model holds it; or name your own copy with --llama-cpp.</source>
        <translation>Ein Offline-Ordner, der mit --model gemacht wird, enthält sie; oder nennen Sie mit --llama-cpp Ihre eigene Kopie.</translation>
    </message>
    <message>
        <source>Choose another index, or name your own copy of llama.cpp with --llama-cpp.</source>
        <translation>Wählen Sie einen anderen Index, oder nennen Sie mit --llama-cpp Ihre eigene Kopie von llama.cpp.</translation>
    </message>
    <message>
        <source>Export again: the file is fetched once more.</source>
        <translation>Exportieren Sie noch einmal: Die Datei wird neu geladen.</translation>
    </message>
    <message>
        <source>Install a setup first; its own client of the hub fetches the model.</source>
        <translation>Installieren Sie zuerst eine Einrichtung; mit dem, was sie für den Hub mitbringt, wird das Modell geladen.</translation>
    </message>
    <message>
        <source>Model {name} out of the bundle</source>
        <translation>Modell {name} aus dem Offline-Ordner</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Nothing to do for training, nor for a GGUF export in 8 or 16 bits: llama.cpp&apos;s converter is Python and is fetched when you export. Other quantizations need your own copy of llama.cpp.</source>
        <translation>Nichts zu tun, weder für das Training noch für einen GGUF-Export in 8 oder 16 Bit: Der Konverter von llama.cpp ist Python und wird beim Export geladen. Andere Quantisierungen brauchen Ihre eigene Kopie von llama.cpp.</translation>
    </message>
    <message>
        <source>Take one of {names}. Name the folder of your own copy with --llama-cpp for others.</source>
        <translation>Nehmen Sie eine von {names}. Für andere nennen Sie mit --llama-cpp den Ordner Ihrer eigenen Kopie.</translation>
    </message>
    <message>
        <source>The bundle {folder} does not hold {file}, which GGUF needs.</source>
        <translation>Der Offline-Ordner {folder} enthält {file} nicht, und GGUF braucht es.</translation>
    </message>
    <message>
        <source>The folder {folder} has a name that no model can have; expected letters, digits, dots and single hyphens, so that train --model can name it.</source>
        <translation>Der Ordner {folder} hat einen Namen, den kein Modell haben kann; erwartet werden Buchstaben, Ziffern, Punkte und einzelne Bindestriche, damit train --model ihn nennen kann.</translation>
    </message>
    <message>
        <source>The folder {folder} {missing}; expected a model&apos;s folder.</source>
        <translation>Der Ordner {folder} {missing}; erwartet wird der Ordner eines Modells.</translation>
    </message>
    <message>
        <source>The model {name} is not on this computer, and no environment is active here to fetch it with; expected a model&apos;s folder, or an environment.</source>
        <translation>Das Modell {name} ist nicht auf diesem Computer, und hier ist keine Umgebung aktiv, mit der es sich laden ließe; erwartet wird der Ordner eines Modells oder eine Umgebung.</translation>
    </message>
    <message>
        <source>The model {name} was fetched, but its list is not there.</source>
        <translation>Das Modell {name} wurde geladen, aber seine Liste ist nicht da.</translation>
    </message>
    <message>
        <source>The quantization {quantization} needs llama.cpp&apos;s compiled llama-quantize, and of no build of it does this program know a hash, so none is fetched (hash unknown).</source>
        <translation>Die Quantisierung {quantization} braucht das übersetzte llama-quantize von llama.cpp, und von keiner Fassung davon kennt dieses Programm eine Prüfsumme, daher wird keine geladen (Prüfsumme unbekannt).</translation>
    </message>
    <message>
        <source>llama.cpp&apos;s converter ({package} {version}, licence {licence})</source>
        <translation>Konverter von llama.cpp ({package} {version}, Lizenz {licence})</translation>
    </message>
    <message>
        <source>llama.cpp&apos;s converter, for exports</source>
        <translation>Konverter von llama.cpp, für Exporte</translation>
    </message>
    <message>
        <source>{file} has the right hash, but {name} could not be read from it.</source>
        <translation>{file} hat die richtige Prüfsumme, aber {name} war daraus nicht zu lesen.</translation>
    </message>
    <message>
        <source>{file} of {model} differs from the bundle&apos;s list; copy the bundle again.</source>
        <translation>{file} von {model} weicht von der Liste des Offline-Ordners ab; kopieren Sie den Offline-Ordner noch einmal.</translation>
    </message>
    <message>
        <source>{file} of {model} is missing from the bundle; copy it again.</source>
        <translation>{file} von {model} fehlt im Offline-Ordner; kopieren Sie ihn noch einmal.</translation>
    </message>
    <message>
        <source>{index} has no {file}.</source>
        <translation>{index} hat kein {file}.</translation>
    </message>
    <message>
        <source>expected one of {languages}</source>
        <translation>erwartet wird eine von {languages}</translation>
    </message>
    <message>
        <source>A folder for VS Code</source>
        <translation>Ein Ordner für VS Code</translation>
    </message>
    <message>
        <source>A folder for VS Code with {profile}</source>
        <translation>Ein Ordner für VS Code mit {profile}</translation>
    </message>
    <message>
        <source>Add the line &quot;python.defaultInterpreterPath&quot;: &quot;{python}&quot; to it, or choose another folder.</source>
        <translation>Fügen Sie die Zeile &quot;python.defaultInterpreterPath&quot;: &quot;{python}&quot; dort ein, oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>{folder} is a file; expected a folder.</source>
        <translation>{folder} ist eine Datei; erwartet wird ein Ordner.</translation>
    </message>
    <message>
        <source>{folder} lies in the home folder {home}; expected a folder of your own.</source>
        <translation>{folder} liegt im Ordner {home} dieses Programms; erwartet wird ein eigener Ordner von Ihnen.</translation>
    </message>
    <message>
        <source>{path} is there already and is not replaced.</source>
        <translation>{path} gibt es schon und wird nicht ersetzt.</translation>
    </message>
    <message>
        <source>{path} names this environment.</source>
        <translation>{path} nennt diese Umgebung.</translation>
    </message>
    <message>
        <source>{path} was changed since this program wrote it: it stays.</source>
        <translation>{path} wurde geändert, seit dieses Programm es schrieb: Es bleibt.</translation>
    </message>
    <message>
        <source>A folder on the way is a link (a junction or mount point) that was made without administrator&apos;s rights, and Windows does not follow it in this program (error 448). Programs that an installer or updater started inherit that rule; started from the Start menu the same program may follow the link.</source>
        <translation>Ein Ordner auf dem Weg ist eine Verknüpfung (eine Junction oder ein Bereitstellungspunkt), die ohne Administratorrechte gemacht wurde, und Windows folgt ihr in diesem Programm nicht (Fehler 448). Programme, die ein Installationsprogramm oder ein Updater gestartet hat, erben diese Regel; aus dem Startmenü gestartet, folgt dasselbe Programm der Verknüpfung vielleicht.</translation>
    </message>
    <message>
        <source>A newer package asks torch for something that this release does not have yet. The packages&apos; metadata often allow older releases than really work: Unsloth 2025.11 stops with torch 2.4 though its metadata allows it, and torchao 0.18 beside the line of late 2026 needs torch 2.8.</source>
        <translation>Ein neueres Paket verlangt von torch etwas, das diese Ausgabe noch nicht hat. Die Angaben der Pakete erlauben oft ältere Ausgaben, als wirklich laufen: Unsloth 2025.11 hält mit torch 2.4 an, obwohl seine Angaben es erlauben, und torchao 0.18 braucht neben der Reihe von Ende 2026 torch 2.8.</translation>
    </message>
    <message>
        <source>A script imports xformers and the environment has none. Up to release 0.0.33 the wheel must be the one for exactly the installed torch.</source>
        <translation>Ein Skript importiert xformers, und die Umgebung hat keines. Bis zur Ausgabe 0.0.33 muss das Paket genau zum installierten torch gehören.</translation>
    </message>
    <message>
        <source>Below /mnt/c (and d, e) WSL works across two systems on the Windows drive, which is slower than its own file system. Nothing is broken; it only takes that long.</source>
        <translation>Unter /mnt/c (und d, e) arbeitet WSL über zwei Systeme hinweg auf dem Windows-Laufwerk; das ist langsamer als das eigene Dateisystem. Nichts ist beschädigt; es dauert nur so lange.</translation>
    </message>
    <message>
        <source>Close the program and its console, and start them again from the Start menu</source>
        <translation>Schließen Sie das Programm und seine Konsole und starten Sie beide neu aus dem Startmenü</translation>
    </message>
    <message>
        <source>Each family of CUDA needs a driver from a certain version on: CUDA 12 one from 525 (Linux) or 528.33 (Windows) on, CUDA 13 one from 580 on. The installed driver is older, or code that is compiled at run time needs a newer one.</source>
        <translation>Jede CUDA-Reihe braucht einen Treiber ab einer bestimmten Version: CUDA 12 einen ab 525 (Linux) oder 528.33 (Windows), CUDA 13 einen ab 580. Der installierte Treiber ist älter, oder Code, der erst beim Lauf übersetzt wird, braucht einen neueren.</translation>
    </message>
    <message>
        <source>Each process that loads torch for CUDA reserves hundreds of MB up to a few GB, and Windows promises memory only where main memory and page file together can hold it. Worker processes each count again.</source>
        <translation>Jeder Prozess, der torch für CUDA lädt, reserviert Hunderte MB bis einige GB, und Windows sagt Speicher nur zu, wenn Arbeitsspeicher und Auslagerungsdatei zusammen ihn fassen können. Arbeitsprozesse zählen jeweils noch einmal.</translation>
    </message>
    <message>
        <source>In that setup UNSLOTH_DISABLE_PINNED_MEMORY=1 spares the attempt; each step is somewhat slower</source>
        <translation>In jener Einrichtung erspart UNSLOTH_DISABLE_PINNED_MEMORY=1 den Versuch; jeder Schritt ist etwas langsamer</translation>
    </message>
    <message>
        <source>It stops what is not signed and what its service does not predict to be safe; many libraries in PyTorch&apos;s and Unsloth&apos;s packages are not signed. Whether it stops any here is not known before they are loaded.</source>
        <translation>Es hält auf, was nicht signiert ist und was sein Dienst nicht für sicher hält; viele Bibliotheken in den Paketen von PyTorch und Unsloth sind nicht signiert. Ob es hier welche aufhält, ist nicht bekannt, bevor sie geladen werden.</translation>
    </message>
    <message>
        <source>Let Windows manage the page file, or make it larger, and use no worker processes.</source>
        <translation>Lassen Sie Windows die Auslagerungsdatei verwalten, oder vergrößern Sie sie, und benutzen Sie keine Arbeitsprozesse.</translation>
    </message>
    <message>
        <source>Libraries built with Visual Studio 2022 17.10 or newer can crash with an access violation on a runtime before {limit.vc_runtime_new}.</source>
        <translation>Bibliotheken, die mit Visual Studio 2022 ab 17.10 gebaut wurden, können mit einer Laufzeit vor {limit.vc_runtime_new} mit einer Zugriffsverletzung abstürzen.</translation>
    </message>
    <message>
        <source>Linux: CUDA 12.1 was made with 530.30, 12.4 with 550.54, 12.8 with 570.26, 13.0 with 580.65</source>
        <translation>Linux: CUDA 12.1 wurde mit 530.30 gemacht, 12.4 mit 550.54, 12.8 mit 570.26, 13.0 mit 580.65</translation>
    </message>
    <message>
        <source>Older setups: use_gradient_checkpointing=True in get_peft_model instead of &quot;unsloth&quot;, which keeps its buffers in pinned memory (takes more of the card)</source>
        <translation>Ältere Einrichtungen: in get_peft_model use_gradient_checkpointing=True statt &quot;unsloth&quot;, das seine Puffer in gesperrtem Speicher (pinned memory) hält (braucht mehr von der Karte)</translation>
    </message>
    <message>
        <source>Parts of the model or of the data lie on different cards. Unsloth trains on several cards with one process for each (torchrun), not by spreading a model in one script; the simple way is to let the script see one card only.</source>
        <translation>Teile des Modells oder der Daten liegen auf verschiedenen Karten. Unsloth trainiert auf mehreren Karten mit je einem Prozess (torchrun), nicht indem es ein Modell in einem Skript verteilt; am einfachsten ist es, das Skript nur eine Karte sehen zu lassen.</translation>
    </message>
    <message>
        <source>Pinned memory ran out, and not the card&apos;s</source>
        <translation>Gesperrter Speicher (pinned memory) ging aus, nicht der der Karte</translation>
    </message>
    <message>
        <source>PyTorch then takes its slower default ways on the processor, and bitsandbytes asks for AVX2 there. Work on the card is not touched.</source>
        <translation>PyTorch nimmt dann auf dem Prozessor seine langsameren Standardwege, und bitsandbytes verlangt dort AVX2. Die Arbeit auf der Karte ist nicht betroffen.</translation>
    </message>
    <message>
        <source>Releases of Unsloth from before September 2026 could write answers without sense there, so that each reward was 0: take the setup torch212-2026.10</source>
        <translation>Ausgaben von Unsloth von vor September 2026 konnten dort sinnlose Antworten schreiben, sodass jede Belohnung 0 war: Nehmen Sie die Einrichtung torch212-2026.10</translation>
    </message>
    <message>
        <source>Smart App Control of Windows 11 runs what is signed or what its service predicts to be safe. Many libraries of Python packages are not signed, and new ones are not known. It knows no exceptions: it is on or off.</source>
        <translation>Smart App Control von Windows 11 lässt laufen, was signiert ist oder was sein Dienst für sicher hält. Viele Bibliotheken von Python-Paketen sind nicht signiert, und neue sind nicht bekannt. Ausnahmen kennt es nicht: Es ist an oder aus.</translation>
    </message>
    <message>
        <source>Take the setup torch212-2026.10, whose Unsloth goes on with ordinary memory by itself, or train without pinned memory.</source>
        <translation>Nehmen Sie die Einrichtung torch212-2026.10, deren Unsloth von selbst mit gewöhnlichem Speicher weitermacht, oder trainieren Sie ohne gesperrten Speicher (pinned memory).</translation>
    </message>
    <message>
        <source>The driver is installed, but it refused to open the card. People report that another program held it alone, that the driver was not ready after standby, or that this kind of card or machine does not allow the call.</source>
        <translation>Der Treiber ist installiert, aber er weigerte sich, die Karte zu öffnen. Berichtet wird, dass ein anderes Programm sie allein belegte, dass der Treiber nach dem Standby nicht bereit war oder dass diese Art von Karte oder Maschine den Aufruf nicht erlaubt.</translation>
    </message>
    <message>
        <source>The driver no longer reaches the card on its bus. People report power supply, heat, a loose card or cable (also of an external case) and overclocking; NVIDIA&apos;s catalogue of these errors names no cause that can be seen from here.</source>
        <translation>Der Treiber erreicht die Karte auf ihrem Bus nicht mehr. Berichtet wird von Netzteil, Hitze, lockerer Karte oder lockerem Kabel (auch eines externen Gehäuses) und Übertaktung; NVIDIAs Verzeichnis dieser Fehler nennt keine Ursache, die von hier aus zu sehen wäre.</translation>
    </message>
    <message>
        <source>The driver of Windows serves both; a Linux driver must not be installed here. Files under /mnt are slow: keep the setup in the Linux part. Pinned memory is scarce: a CUDA error &quot;out of memory&quot; while the card is free comes from that.</source>
        <translation>Der Treiber von Windows bedient beide; ein Linux-Treiber darf hier nicht installiert werden. Dateien unter /mnt sind langsam: Lassen Sie die Einrichtung im Linux-Teil. Gesperrter Speicher (pinned memory) ist knapp: Ein CUDA-Fehler „out of memory“, während die Karte frei ist, kommt davon.</translation>
    </message>
    <message>
        <source>The message speaks of CUDA, but what could not be had is pinned (page-locked) main memory. Under WSL each program gets only little of it, however much of the card and of the computer&apos;s memory is free. Batch size and context of the card have nothing to do with it.</source>
        <translation>Die Meldung spricht von CUDA, aber was nicht zu bekommen war, ist gesperrter Arbeitsspeicher (pinned, page-locked). Unter WSL bekommt jedes Programm nur wenig davon, gleich wie viel Speicher auf der Karte und im Computer frei ist. Batchgröße und Kontext der Karte haben damit nichts zu tun.</translation>
    </message>
    <message>
        <source>The script lets vLLM write the answers, as for GRPO (fast_inference=True, or use_vllm=True). vLLM publishes builds for Linux only; on Windows it runs inside WSL 2. GRPO does without it: Unsloth then writes the answers itself.</source>
        <translation>Das Skript lässt vLLM die Antworten schreiben, wie bei GRPO (fast_inference=True oder use_vllm=True). vLLM erscheint nur für Linux; unter Windows läuft es in WSL 2. GRPO kommt ohne aus: Unsloth schreibt die Antworten dann selbst.</translation>
    </message>
    <message>
        <source>The script wants vLLM, and this environment has none</source>
        <translation>Das Skript will vLLM, und diese Umgebung hat keines</translation>
    </message>
    <message>
        <source>The script was written for another trl. In 0.12 tokenizer became processing_class, in 0.13 the arguments of the data left SFTTrainer for SFTConfig, in 0.16 max_seq_length became max_length, and 0.20 knows the old name no more.</source>
        <translation>Das Skript wurde für ein anderes trl geschrieben. In 0.12 wurde tokenizer zu processing_class, in 0.13 wanderten die Argumente der Daten von SFTTrainer zu SFTConfig, in 0.16 wurde max_seq_length zu max_length, und 0.20 kennt den alten Namen nicht mehr.</translation>
    </message>
    <message>
        <source>Think before: Windows 11 does not switch it on again without a reset; only Insider builds from 26220.7070 on were announced to</source>
        <translation>Überlegen Sie vorher: Windows 11 schaltet es ohne Zurücksetzen nicht wieder ein; nur für Insider-Builds ab 26220.7070 wurde das angekündigt</translation>
    </message>
    <message>
        <source>Train without vLLM: fast_inference=False in from_pretrained, and use_vllm=False in GRPOConfig.</source>
        <translation>Trainieren Sie ohne vLLM: fast_inference=False in from_pretrained und use_vllm=False in GRPOConfig.</translation>
    </message>
    <message>
        <source>Unsloth makes about two releases a week, often for new families of models; a pinned set does not learn them. Models of before go on working.</source>
        <translation>Unsloth bringt etwa zwei Ausgaben pro Woche, oft für neue Modellfamilien; ein festgeschriebener Satz lernt sie nicht. Frühere Modelle laufen weiter.</translation>
    </message>
    <message>
        <source>Up to release 0.0.33 every xformers wheel is compiled for exactly one torch, and with another one its CUDA part cannot be loaded. From 0.0.34 on a wheel fits torch 2.10 and later.</source>
        <translation>Bis zur Ausgabe 0.0.33 ist jedes Paket von xformers für genau ein torch übersetzt, und mit einem anderen lässt sich sein CUDA-Teil nicht laden. Ab 0.0.34 passt ein Paket zu torch ab 2.10.</translation>
    </message>
    <message>
        <source>Update to Windows 11, or at least to Windows 10 version 22H2, then look again. NVIDIA announced new drivers for Windows 10 up to October 2026 only.</source>
        <translation>Aktualisieren Sie auf Windows 11, oder wenigstens auf Windows 10 Version 22H2, und sehen Sie dann erneut nach. NVIDIA hat neue Treiber für Windows 10 nur bis Oktober 2026 angekündigt.</translation>
    </message>
    <message>
        <source>When a model is loaded Unsloth fetches a small file from Hugging Face, to count the kinds of environments and to see whether Hugging Face is up. It did not come within 120 seconds. The model itself may be whole and on this computer.</source>
        <translation>Wenn ein Modell geladen wird, holt Unsloth eine kleine Datei von Hugging Face, um die Arten von Umgebungen zu zählen und zu sehen, ob Hugging Face erreichbar ist. Sie kam nicht innerhalb von 120 Sekunden. Das Modell selbst ist womöglich vollständig und auf diesem Computer.</translation>
    </message>
    <message>
        <source>Where it draws the desktop, the NVIDIA card&apos;s memory stays free for training. Training always uses {card.name}.</source>
        <translation>Wenn er den Desktop zeichnet, bleibt der Speicher der NVIDIA-Karte für das Training frei. Trainiert wird immer auf {card.name}.</translation>
    </message>
    <message>
        <source>Windows: CUDA 12.1 was made with driver 531.14, 12.4 with 551.61, 12.8 with 570.65; these or newer ones run it without doubt</source>
        <translation>Windows: CUDA 12.1 wurde mit Treiber 531.14 gemacht, 12.4 mit 551.61, 12.8 mit 570.65; mit diesen oder neueren läuft es ohne Zweifel</translation>
    </message>
    <message>
        <source>With vLLM: Linux or WSL 2, in an environment of its own</source>
        <translation>Mit vLLM: Linux oder WSL 2, in einer eigenen Umgebung</translation>
    </message>
    <message>
        <source>dataloader_pin_memory=False in the training arguments; in a DataLoader of your own pin_memory=False</source>
        <translation>dataloader_pin_memory=False in den Trainingsargumenten; in einem eigenen DataLoader pin_memory=False</translation>
    </message>
    <message>
        <source>pinned memory</source>
        <translation>Gesperrter Speicher (pinned memory) ging aus, nicht der der Karte</translation>
    </message>
    <message>
        <source>trl 0.13 and later: SFTTrainer(processing_class=…, args=SFTConfig(dataset_text_field=…, …)); from 0.16 on the length is max_length</source>
        <translation>trl ab 0.13: SFTTrainer(processing_class=…, args=SFTConfig(dataset_text_field=…, …)); ab 0.16 heißt die Länge max_length</translation>
    </message>
    <message>
        <source>vllm missing</source>
        <translation>Das Skript will vLLM, und diese Umgebung hat keines</translation>
    </message>
    <message>
        <source>This release of torch.compile does something that Windows cannot; up to torch 2.5, for instance, it renames a file onto one that is there already. The setup is not broken; the release has a fault on Windows.</source>
        <translation>Diese Ausgabe von torch.compile tut etwas, das Windows nicht kann; bis torch 2.5 zum Beispiel benennt sie eine Datei auf den Namen einer schon vorhandenen um. Die Einrichtung ist nicht beschädigt; die Ausgabe hat unter Windows einen Fehler.</translation>
    </message>
    <message>
        <source>torch 2.6 and later rename as Windows allows it: take a setup from torch26-2025.3 on</source>
        <translation>torch ab 2.6 benennt so um, wie Windows es erlaubt: Nehmen Sie eine Einrichtung ab torch26-2025.3</translation>
    </message>
    <message>
        <source>A script that was downloaded: right click, Properties, Unblock; only if you trust it</source>
        <translation>Ein heruntergeladenes Skript: Rechtsklick, Eigenschaften, Zulassen; nur, wenn Sie ihm vertrauen</translation>
    </message>
    <message>
        <source>A smaller or quantised model leaves more room; so does --kv-cache-dtype fp8 on newer cards</source>
        <translation>Ein kleineres oder quantisiertes Modell lässt mehr Platz; auf neueren Karten auch --kv-cache-dtype fp8</translation>
    </message>
    <message>
        <source>A wheel or another archive cannot be unpacked: it was not downloaded or copied to its end, a cache holds it broken, or a drive lost a part of it.</source>
        <translation>Ein Paket oder ein anderes Archiv lässt sich nicht entpacken: Es wurde nicht bis zum Ende geladen oder kopiert, ein Cache enthält es beschädigt, oder ein Laufwerk hat einen Teil davon verloren.</translation>
    </message>
    <message>
        <source>For your account, in PowerShell: Set-ExecutionPolicy -Scope CurrentUser -ExecutionPolicy RemoteSigned, and answer Y; no administrator is needed</source>
        <translation>Für Ihr Konto, in PowerShell: Set-ExecutionPolicy -Scope CurrentUser -ExecutionPolicy RemoteSigned, und antworten Sie mit Y; ein Administrator ist nicht nötig</translation>
    </message>
    <message>
        <source>If it comes again, let the drive be checked, or use another network</source>
        <translation>Kommt es wieder, lassen Sie das Laufwerk prüfen, oder nehmen Sie ein anderes Netz</translation>
    </message>
    <message>
        <source>If it says enabled: Turn Windows features on or off (type it into the start menu), tick Virtual Machine Platform and Windows Subsystem for Linux, then restart</source>
        <translation>Steht dort „Aktiviert“: Windows-Features aktivieren oder deaktivieren (im Startmenü eintippen), Haken bei VM-Plattform (Virtual Machine Platform) und Windows-Subsystem für Linux setzen, dann neu starten</translation>
    </message>
    <message>
        <source>Let vLLM promise a shorter text, or give it more of the card.</source>
        <translation>Lassen Sie vLLM einen kürzeren Text zusagen, oder geben Sie ihm mehr von der Karte.</translation>
    </message>
    <message>
        <source>Look first: Task Manager, Performance, CPU, the line Virtualisation. If it says disabled: Settings, System, Recovery, Advanced start-up, UEFI firmware settings; the switch is called Intel VT-x, Intel Virtualization Technology, AMD-V or SVM</source>
        <translation>Sehen Sie zuerst nach: Task-Manager, Leistung, CPU, die Zeile Virtualisierung. Steht dort „Deaktiviert“: Einstellungen, System, Wiederherstellung, Erweiterter Start, UEFI-Firmwareeinstellungen; der Schalter heißt Intel VT-x, Intel Virtualization Technology, AMD-V oder SVM</translation>
    </message>
    <message>
        <source>More of the card: --gpu-memory-utilization 0.95 (gpu_memory_utilization in Python), if nothing else uses the card: close other programs first</source>
        <translation>Mehr von der Karte: --gpu-memory-utilization 0.95 (gpu_memory_utilization in Python), wenn sonst nichts die Karte benutzt: Schließen Sie zuerst andere Programme</translation>
    </message>
    <message>
        <source>Open the environment&apos;s terminal from this program, where nothing has to be switched on; or allow scripts of your own for your account.</source>
        <translation>Öffnen Sie das Terminal der Umgebung aus diesem Programm, dort muss nichts eingeschaltet werden; oder erlauben Sie eigene Skripte für Ihr Konto.</translation>
    </message>
    <message>
        <source>PowerShell may not run scripts here</source>
        <translation>PowerShell darf hier keine Skripte ausführen</translation>
    </message>
    <message>
        <source>Shorter: vllm serve MODEL --max-model-len 8192, or LLM(..., max_model_len=8192) in Python; the message often names the longest that fits</source>
        <translation>Kürzer: vllm serve MODEL --max-model-len 8192, oder LLM(..., max_model_len=8192) in Python; die Meldung nennt oft die größte Länge, die passt</translation>
    </message>
    <message>
        <source>Switch virtualisation on in the firmware, and the feature Virtual Machine Platform in Windows; then restart.</source>
        <translation>Schalten Sie die Virtualisierung in der Firmware ein und das Feature VM-Plattform (Virtual Machine Platform) in Windows; starten Sie dann neu.</translation>
    </message>
    <message>
        <source>The file of a package is damaged</source>
        <translation>Die Datei eines Pakets ist beschädigt</translation>
    </message>
    <message>
        <source>WSL 2 cannot start: virtualisation is off, or a Windows feature is missing</source>
        <translation>WSL 2 kann nicht starten: Die Virtualisierung ist aus, oder ein Windows-Feature fehlt</translation>
    </message>
    <message>
        <source>WSL 2 is a small virtual machine. Either the processor&apos;s virtualisation is switched off in the firmware (BIOS, UEFI), or the Windows feature Virtual Machine Platform is not switched on.</source>
        <translation>WSL 2 ist eine kleine virtuelle Maschine. Entweder ist die Virtualisierung des Prozessors in der Firmware (BIOS, UEFI) ausgeschaltet, oder das Windows-Feature VM-Plattform (Virtual Machine Platform) ist nicht eingeschaltet.</translation>
    </message>
    <message>
        <source>Windows inside another virtual machine: its host must pass virtualisation on</source>
        <translation>Windows in einer anderen virtuellen Maschine: Ihr Wirt muss die Virtualisierung durchreichen</translation>
    </message>
    <message>
        <source>Windows&apos; execution policy keeps PowerShell from running script files, Activate.ps1 among them. The environment itself is whole; only the way to switch it on is closed.</source>
        <translation>Die Ausführungsrichtlinie von Windows hindert PowerShell daran, Skriptdateien auszuführen, darunter Activate.ps1. Die Umgebung selbst ist heil; nur der Weg, sie einzuschalten, ist versperrt.</translation>
    </message>
    <message>
        <source>With Unsloth&apos;s fast_inference = True: a smaller max_seq_length in FastLanguageModel.from_pretrained</source>
        <translation>Mit fast_inference = True von Unsloth: ein kleineres max_seq_length in FastLanguageModel.from_pretrained</translation>
    </message>
    <message>
        <source>Without changing anything: .venv\Scripts\python.exe train.py uses the environment as well, and so does .venv\Scripts\activate.bat in the classic command prompt (cmd)</source>
        <translation>Ohne etwas zu ändern: .venv\Scripts\python.exe train.py benutzt die Umgebung ebenfalls, und .venv\Scripts\activate.bat in der klassischen Eingabeaufforderung (cmd) tut es auch</translation>
    </message>
    <message>
        <source>package file damaged</source>
        <translation>Die Datei eines Pakets ist beschädigt</translation>
    </message>
    <message>
        <source>pip outside of this program: pip cache purge, then install again; uv: uv cache clean; conda: conda clean --packages --tarballs</source>
        <translation>pip außerhalb dieses Programms: pip cache purge, dann noch einmal installieren; uv: uv cache clean; conda: conda clean --packages --tarballs</translation>
    </message>
    <message>
        <source>script execution policy</source>
        <translation>PowerShell darf hier keine Skripte ausführen</translation>
    </message>
    <message>
        <source>vLLM has no room on the card for one text of the full length</source>
        <translation>vLLM hat auf der Karte keinen Platz für einen Text der vollen Länge</translation>
    </message>
    <message>
        <source>vLLM keeps room on the card for one text of the model&apos;s full length (its KV cache). After the model&apos;s weights were loaded less room was left, so it does not start.</source>
        <translation>vLLM hält auf der Karte Platz für einen Text der vollen Länge des Modells frei (seinen KV-Cache). Nach dem Laden der Gewichte war weniger Platz übrig, daher startet es nicht.</translation>
    </message>
    <message>
        <source>vllm kv cache too small</source>
        <translation>vLLM hat auf der Karte keinen Platz für einen Text der vollen Länge</translation>
    </message>
    <message>
        <source>wsl virtualization off</source>
        <translation>WSL 2 kann nicht starten: Die Virtualisierung ist aus, oder ein Windows-Feature fehlt</translation>
    </message>
    <message>
        <source>--cards is {wanted}; expected 1: this setup trains on the processor.</source>
        <translation>--cards ist {wanted}; erwartet wird 1: Diese Einrichtung trainiert auf dem Prozessor.</translation>
    </message>
    <message>
        <source>--cards is {wanted}; expected {most} at most. {why}</source>
        <translation>--cards ist {wanted}; erwartet wird höchstens {most}. {why}</translation>
    </message>
    <message>
        <source>This PC has no NVIDIA card.</source>
        <translation>Dieser PC hat keine NVIDIA-Karte.</translation>
    </message>
    <message>
        <source>a card of unknown name</source>
        <translation>eine Karte ohne bekannten Namen</translation>
    </message>
    <message>
        <source>{card} is the only NVIDIA card.</source>
        <translation>{card} ist die einzige NVIDIA-Karte.</translation>
    </message>
    <message>
        <source>{card} is used alone, the one with the most memory of those that are new enough: no other is equal to it in name, memory and compute capability ({others}).</source>
        <translation>{card} wird allein benutzt, die Karte mit dem meisten Speicher unter denen, die neu genug sind: Keine andere gleicht ihr in Name, Speicher und Compute Capability ({others}).</translation>
    </message>
    <message>
        <source>{card} is used alone: several cards train together on Linux only.</source>
        <translation>{card} wird allein benutzt: Mehrere Karten trainieren nur unter Linux zusammen.</translation>
    </message>
    <message>
        <source>{count} cards are equal: {card}.</source>
        <translation>{count} Karten sind gleich: {card}.</translation>
    </message>
    <message>
        <source>1 file of {name} is missing: {first}.</source>
        <translation>1 Datei von {name} fehlt: {first}.</translation>
    </message>
    <message>
        <source>A terminal opened with {environment} active.</source>
        <translation>Ein Terminal hat sich geöffnet, {environment} ist darin aktiv.</translation>
    </message>
    <message>
        <source>{count} files of {name} are missing, such as {first}.</source>
        <translation>{count} Dateien von {name} fehlen, etwa {first}.</translation>
    </message>
    <message>
        <source>2024.9.post3 has no windows extra; pip only warns and goes on without it.</source>
        <translation>2024.9.post3 hat kein Extra windows; pip warnt nur und macht ohne es weiter.</translation>
    </message>
    <message>
        <source>2024.9.post4 came two weeks later, with narrower requirements and more models in its list.</source>
        <translation>2024.9.post4 kam zwei Wochen später, mit engeren Anforderungen und mehr Modellen in seiner Liste.</translation>
    </message>
    <message>
        <source>2025.11.3 was imported with PyTorch 2.4.0 on Linux.</source>
        <translation>2025.11.3 wurde mit PyTorch 2.4.0 unter Linux importiert.</translation>
    </message>
    <message>
        <source>6.4 to 8.0 GB for 7B to 8B with the CUDA context, by the estimate of the last page. It comes from measured runs of Unsloth with models from 0.3 to 8 billion parameters.</source>
        <translation>6,4 bis 8,0 GB für 7B bis 8B mit dem CUDA-Kontext, nach der Schätzung der letzten Seite. Sie beruht auf gemessenen Läufen von Unsloth mit Modellen von 0,3 bis 8 Milliarden Parametern.</translation>
    </message>
    <message>
        <source>Any PC with a 64-bit x86 processor; small text models.</source>
        <translation>Jeder PC mit einem x86-Prozessor mit 64 Bit; kleine Textmodelle.</translation>
    </message>
    <message>
        <source>Both were resolved with uv on 2026-11-30.</source>
        <translation>Beide wurden am 2026-11-30 mit uv aufgelöst.</translation>
    </message>
    <message>
        <source>For a model outside its list this Unsloth fetches a file from the network and executes it; the plan closes that, since no lock can pin it. 2026.10.9 reads it without executing it.</source>
        <translation>Für ein Modell außerhalb seiner Liste holt dieses Unsloth eine Datei aus dem Netz und führt sie aus; der Plan verschließt das, weil keine Festschreibung sie festhalten kann. 2026.10.9 liest sie, ohne sie auszuführen.</translation>
    </message>
    <message>
        <source>Four days later 2024.9.post4 took back this release&apos;s transformers requirement and changed its loader: prefer it.</source>
        <translation>Vier Tage später nahm 2024.9.post4 die transformers-Anforderung dieser Ausgabe zurück und änderte ihr Ladeprogramm: Ziehen Sie es vor.</translation>
    </message>
    <message>
        <source>It adds flash-attn, which has no wheel on the index and must be compiled. Unsloth&apos;s own source says that xformers is faster for now.</source>
        <translation>Es nimmt flash-attn hinzu, das auf dem Index kein fertiges Paket hat und übersetzt werden muss. Im Quelltext von Unsloth selbst steht, dass xformers vorerst schneller ist.</translation>
    </message>
    <message>
        <source>It does fail, but with “module &apos;torch&apos; has no attribute &apos;int1&apos;”, which torchao asks for. Each profile here has the PyTorch that its Unsloth was resolved with.</source>
        <translation>Es scheitert tatsächlich, aber mit „module &apos;torch&apos; has no attribute &apos;int1&apos;“, wonach torchao fragt. Jedes Profil hier hat das PyTorch, mit dem sein Unsloth aufgelöst wurde.</translation>
    </message>
    <message>
        <source>It refuses xformers 0.0.27.post2, the one made for PyTorch 2.4.0, so that its import ends in an error. 2024.9.post4 is the better fallback, and the preferred one.</source>
        <translation>Es lehnt xformers 0.0.27.post2 ab, das für PyTorch 2.4.0 gemachte, sodass sein Import mit einem Fehler endet. 2024.9.post4 ist die bessere Ausweichlösung und wird vorgezogen.</translation>
    </message>
    <message>
        <source>Its transformers knows the families of 2026 (qwen3_5, gemma4).</source>
        <translation>Sein transformers kennt die Familien von 2026 (qwen3_5, gemma4).</translation>
    </message>
    <message>
        <source>Made for Linux: Unsloth&apos;s own page of that month names Windows through WSL only, and triton-windows came to the index in 2025.</source>
        <translation>Für Linux gemacht: Die eigene Seite von Unsloth aus jenem Monat nennt Windows nur über WSL, und triton-windows kam erst 2025 auf den Index.</translation>
    </message>
    <message>
        <source>Measured against 16 bits on models from 1 to 8 billion parameters. Embedding and head stay in 16 bits, so that a small model saves less.</source>
        <translation>Gemessen gegen 16 Bit an Modellen mit 1 bis 8 Milliarden Parametern. Embedding und Kopf bleiben in 16 Bit, daher spart ein kleines Modell weniger.</translation>
    </message>
    <message>
        <source>Metadata of 2024.9.post3, 2025.1.8 and 2025.2.4; the extra&apos;s first commit is of 2025-02-06.</source>
        <translation>Angaben von 2024.9.post3, 2025.1.8 und 2025.2.4; der erste Commit des Extras ist vom 2025-02-06.</translation>
    </message>
    <message>
        <source>No shape of {name} is known: its columns are {columns}. Expected instruction and output, prompt and completion, question and answer, messages, conversations or text. Say which column is which.</source>
        <translation>Keine bekannte Form von {name}: Die Spalten sind {columns}. Erwartet werden instruction und output, prompt und completion, question und answer, messages, conversations oder text. Geben Sie an, welche Spalte welche ist.</translation>
    </message>
    <message>
        <source>On RTX 50 xformers holds no kernels made for the card.</source>
        <translation>Auf RTX 50 enthält xformers keine Kernel, die für die Karte gemacht sind.</translation>
    </message>
    <message>
        <source>On Windows the repository&apos;s extras name xformers wheels of Linux. In the package on the index they ask for xformers 0.0.27.post2, which Windows has; but Unsloth itself asks for triton, which has no Windows wheel there.</source>
        <translation>Unter Windows nennen die Extras des Repositorys xformers-Pakete für Linux. Im Paket auf dem Index verlangen sie xformers 0.0.27.post2, das es für Windows gibt; aber Unsloth selbst verlangt triton, das dort kein Paket für Windows hat.</translation>
    </message>
    <message>
        <source>PyTorch {torch} brings cuDNN {cudnn} or newer. 8902 does not belong to PyTorch 2.4.0.</source>
        <translation>PyTorch {torch} bringt cuDNN ab {cudnn} mit. 8902 gehört nicht zu PyTorch 2.4.0.</translation>
    </message>
    <message>
        <source>RTX 30, 40 and 50, A100, L4, H100, B200, B300; the models that Unsloth 2026.10.9 lists. Turing as best effort.</source>
        <translation>RTX 30, 40 und 50, A100, L4, H100, B200, B300; die Modelle, die Unsloth 2026.10.9 aufführt. Turing nach Möglichkeit.</translation>
    </message>
    <message>
        <source>Runs with drivers from 528.33 (Windows) and 525.60.13 (Linux) on.</source>
        <translation>Läuft mit Treibern ab 528.33 (Windows) und 525.60.13 (Linux).</translation>
    </message>
    <message>
        <source>Second choice for Volta cards, with an older set of kernels that covers them</source>
        <translation>Zweite Wahl für Volta-Karten, mit einem älteren Satz Kernel, der sie abdeckt</translation>
    </message>
    <message>
        <source>The extra for PyTorch 2.6 came in February 2025: 2025.1.8 has none. These extras name an xformers; every profile here pins all versions instead.</source>
        <translation>Das Extra für PyTorch 2.6 kam im Februar 2025: 2025.1.8 hat keines. Diese Extras nennen ein xformers; jedes Profil hier schreibt stattdessen alle Versionen fest.</translation>
    </message>
    <message>
        <source>The extra&apos;s list; the index holds no flash-attn wheel; unsloth/models/_utils.py of 2024.9.post3.</source>
        <translation>Die Liste des Extras; auf dem Index liegt kein fertiges Paket von flash-attn; unsloth/models/_utils.py von 2024.9.post3.</translation>
    </message>
    <message>
        <source>The extras were read in the repository and in the wheel&apos;s metadata; uv finds no solution for Windows.</source>
        <translation>Die Extras wurden im Repository und in den Angaben des Pakets gelesen; uv findet für Windows keine Lösung.</translation>
    </message>
    <message>
        <source>The first Unsloth release that asks for PyTorch 2.4: a last resort behind 2024.9.post4.</source>
        <translation>Die erste Ausgabe von Unsloth, die PyTorch 2.4 verlangt: ein letzter Ausweg nach 2024.9.post4.</translation>
    </message>
    <message>
        <source>The guide&apos;s generation, one release later: the same PyTorch, with the Unsloth that its makers put out four days after the guide&apos;s.</source>
        <translation>Die Generation der Anleitung, eine Ausgabe später: dasselbe PyTorch, mit dem Unsloth, das dessen Macher vier Tage nach dem der Anleitung herausgaben.</translation>
    </message>
    <message>
        <source>The guide&apos;s own versions, corrected: they fit {card.architecture} cards, but are older than need be</source>
        <translation>Die Versionen der Anleitung, berichtigt: Sie passen zu {card.architecture}-Karten, sind aber älter als nötig</translation>
    </message>
    <message>
        <source>The import was run; unsloth/models/_utils.py of 2024.8.</source>
        <translation>Der Import wurde ausgeführt; unsloth/models/_utils.py von 2024.8.</translation>
    </message>
    <message>
        <source>The index.</source>
        <translation>Der Index.</translation>
    </message>
    <message>
        <source>The last generation here whose Triton supports Turing and whose xformers holds kernels for Volta.</source>
        <translation>Die letzte Generation hier, deren Triton Turing unterstützt und deren xformers Kernel für Volta enthält.</translation>
    </message>
    <message>
        <source>The last of the 2024.9 releases: it limits transformers and trl from above, and changes loader and tokenizer.</source>
        <translation>Die letzte der Ausgaben 2024.9: Sie begrenzt transformers und trl nach oben und ändert Ladeprogramm und Tokenizer.</translation>
    </message>
    <message>
        <source>The module is part of PyTorch 2.4.0 and newer. Such a message means that a file named torch.py stands before it, or that the installation is broken.</source>
        <translation>Das Modul ist ab PyTorch 2.4.0 Teil davon. Eine solche Meldung bedeutet, dass eine Datei namens torch.py davor steht oder die Installation beschädigt ist.</translation>
    </message>
    <message>
        <source>The newest set here: models of 2026, and a driver of the 580 family or newer.</source>
        <translation>Der neueste Satz hier: Modelle von 2026 und ein Treiber der Familie 580 oder neuer.</translation>
    </message>
    <message>
        <source>The wheel&apos;s metadata; the extra&apos;s first commit in the repository is of 2025-02-28.</source>
        <translation>Die Angaben des Pakets; der erste Commit des Extras im Repository ist vom 2025-02-28.</translation>
    </message>
    <message>
        <source>Unsloth&apos;s change of 2025-02-28; its page of September 2024; triton-windows&apos; oldest wheel on the package index is of March 2025.</source>
        <translation>Die Änderung von Unsloth vom 2025-02-28; seine Seite vom September 2024; das älteste Paket von triton-windows auf dem Paketindex ist vom März 2025.</translation>
    </message>
    <message>
        <source>Unsloth&apos;s own GGUF export has a way for Windows too, not yet seen to run; the older releases call tools of Linux for it.</source>
        <translation>Der eigene GGUF-Export von Unsloth hat auch für Windows einen Weg, der noch nicht im Lauf gesehen wurde; die älteren Ausgaben rufen dafür Werkzeuge von Linux auf.</translation>
    </message>
    <message>
        <source>Unsloth&apos;s own GGUF export of this release calls tools of Linux (apt-get, make): not on Windows.</source>
        <translation>Der eigene GGUF-Export von Unsloth ruft in dieser Ausgabe Werkzeuge von Linux auf (apt-get, make): nicht unter Windows.</translation>
    </message>
    <message>
        <source>Unsloth&apos;s support for Windows is of February 2025, five months after 2024.9.post3, whose own page names Windows through WSL only. It is a combination of the community&apos;s making.</source>
        <translation>Unsloth unterstützt Windows seit Februar 2025, fünf Monate nach 2024.9.post3, dessen eigene Seite Windows nur über WSL nennt. Die Zusammenstellung stammt aus der Community.</translation>
    </message>
    <message>
        <source>Up to 2025.11 Unsloth&apos;s fast kernels are for LoRA without dropout, and any other value trains more slowly; 2026.10.9 has them for both.</source>
        <translation>Bis 2025.11 sind die schnellen Kernel von Unsloth für LoRA ohne Dropout, und jeder andere Wert trainiert langsamer; 2026.10.9 hat sie für beides.</translation>
    </message>
    <message>
        <source>What keeps the preparation in one process changed: 1 does with datasets before 4.1; from 4.1 on 1 starts a process. Unsloth of 2025 turns none into many, so that 0 is right there; 2026.10.9 starts none on Windows. A main guard protects in any case.</source>
        <translation>Was die Aufbereitung in einem Prozess hält, hat sich geändert: Bei datasets vor 4.1 tut es 1; ab 4.1 startet 1 einen Prozess. Unsloth von 2025 macht aus None viele, sodass dort 0 richtig ist; 2026.10.9 startet unter Windows keine. Ein Schutz des Hauptteils hilft in jedem Fall.</translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation>und {count} weitere</translation>
    </message>
    <message>
        <source>line {line}: {reason}</source>
        <translation>Zeile {line}: {reason}</translation>
    </message>
    <message>
        <source>post4 came four days later: it holds transformers below 4.45 and trl at 0.11.1 or older, and changes the loader and the tokenizer.</source>
        <translation>post4 kam vier Tage später: Es hält transformers unter 4.45 und trl bei höchstens 0.11.1 und ändert Ladeprogramm und Tokenizer.</translation>
    </message>
    <message>
        <source>torch._inductor is part of PyTorch 2.4.0 and newer, and Unsloth 2024.9.post3 imports it. The guide&apos;s line is wrong.</source>
        <translation>torch._inductor ist ab PyTorch 2.4.0 Teil davon, und Unsloth 2024.9.post3 importiert es. Die Zeile der Anleitung ist falsch.</translation>
    </message>
    <message>
        <source>torch._inductor is part of every PyTorch offered here. That it is missing means a broken installation.</source>
        <translation>torch._inductor ist Teil jedes PyTorch, das hier angeboten wird. Fehlt es, ist die Installation beschädigt.</translation>
    </message>
    <message>
        <source>torch.amp is part of PyTorch 2.4.0 and newer. Such a message means that a file named torch.py stands before it, or that the installation is broken.</source>
        <translation>torch.amp ist ab PyTorch 2.4.0 Teil davon. Eine solche Meldung bedeutet, dass eine Datei namens torch.py davor steht oder die Installation beschädigt ist.</translation>
    </message>
    <message>
        <source>trl renamed the argument in 0.12 and took the old name, with a warning, up to 0.15; 0.16 does not.</source>
        <translation>trl hat das Argument in 0.12 umbenannt und nahm den alten Namen mit einer Warnung bis 0.15 an; 0.16 tut das nicht mehr.</translation>
    </message>
    <message>
        <source>xformers 0.0.29 holds kernels for compute capability 7.0 and 7.5, and Triton 3.2 still compiles for both.</source>
        <translation>xformers 0.0.29 enthält Kernel für Compute Capability 7.0 und 7.5, und Triton 3.2 übersetzt noch für beide.</translation>
    </message>
    <message>
        <source>{count} row of {name} cannot be used ({rows}). Mend them, or say that they may be left out.</source>
        <translation>{count} Zeile von {name} lässt sich nicht benutzen ({rows}). Berichtigen Sie sie, oder geben Sie an, dass sie weggelassen werden darf.</translation>
    </message>
    <message>
        <source>{count} rows of {name} cannot be used ({rows}). Mend them, or say that they may be left out.</source>
        <translation>{count} Zeilen von {name} lassen sich nicht benutzen ({rows}). Berichtigen Sie sie, oder geben Sie an, dass sie weggelassen werden dürfen.</translation>
    </message>
    <message>
        <source>{name} has columns that would not be used: {columns}. Say that they may be left out, or map them.</source>
        <translation>{name} hat Spalten, die nicht benutzt würden: {columns}. Geben Sie an, dass sie weggelassen werden dürfen, oder ordnen Sie sie zu.</translation>
    </message>
    <message>
        <source>{name} is probably {encoding}: {why}. Read so, a line is: “{sample}”. Say the encoding: {encoding} if that line reads right.</source>
        <translation>{name} ist wahrscheinlich {encoding}: {why}. So gelesen lautet eine Zeile: „{sample}“. Geben Sie die Kodierung an: {encoding}, wenn diese Zeile stimmt.</translation>
    </message>
    <message>
        <source>Look whether that drive is sound and connected, or choose another folder.</source>
        <translation>Sehen Sie nach, ob dieses Laufwerk in Ordnung und verbunden ist, oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>A Linux workstation with two equal cards, RTX 3090.</source>
        <translation>Ein Linux-Arbeitsplatz mit zwei gleichen Karten, RTX 3090.</translation>
    </message>
    <message>
        <source>Card {number} is slower than its equals</source>
        <translation>Karte {number} ist langsamer als die anderen gleichen</translation>
    </message>
    <message>
        <source>Each process trained by itself.</source>
        <translation>Jeder Prozess hat für sich allein trainiert.</translation>
    </message>
    <message>
        <source>Fine-tune on several cards</source>
        <translation>Feinabstimmung auf mehreren Karten</translation>
    </message>
    <message>
        <source>On Linux equal cards are verified together too, and train --cards takes several. Otherwise one is used and verified: {card.name}.</source>
        <translation>Unter Linux werden gleiche Karten auch zusammen geprüft, und train --cards nimmt mehrere. Sonst wird eine verwendet und geprüft: {card.name}.</translation>
    </message>
    <message>
        <source>One card works, training on several cards does not</source>
        <translation>Eine Karte funktioniert, das Training auf mehreren Karten nicht</translation>
    </message>
    <message>
        <source>One of several cards is used</source>
        <translation>Eine von mehreren Karten wird verwendet</translation>
    </message>
    <message>
        <source>One of the processes was ended from outside.</source>
        <translation>Einer der Prozesse wurde von außen beendet.</translation>
    </message>
    <message>
        <source>PyTorch reaches {reached} of {count} cards.</source>
        <translation>PyTorch erreicht {reached} von {count} Karten.</translation>
    </message>
    <message>
        <source>Several cards train together on Linux only: PyTorch for Windows has no NCCL.</source>
        <translation>Mehrere Karten trainieren nur unter Linux zusammen: PyTorch für Windows hat kein NCCL.</translation>
    </message>
    <message>
        <source>Training on {count} cards ran, but {wrong}.</source>
        <translation>Das Training auf {count} Karten lief, aber {wrong}.</translation>
    </message>
    <message>
        <source>Training on {count} cards stopped: {reason}</source>
        <translation>Das Training auf {count} Karten brach ab: {reason}</translation>
    </message>
    <message>
        <source>accelerate, which starts a process for each card, is not installed.</source>
        <translation>accelerate, das für jede Karte einen Prozess startet, ist nicht installiert.</translation>
    </message>
    <message>
        <source>card {number} ({name}) computed wrongly ({error})</source>
        <translation>Karte {number} ({name}) hat falsch gerechnet ({error})</translation>
    </message>
    <message>
        <source>the cards did not end with the same weights</source>
        <translation>die Karten hatten am Ende nicht dieselben Gewichte</translation>
    </message>
    <message>
        <source>{name} {id}: {product:.0f} {unit}, the fastest {most:.0f}. Together all go at the pace of the slowest.</source>
        <translation>{name} {id}: {product:.0f} {unit}, die schnellste {most:.0f}. Zusammen gehen alle im Takt der langsamsten.</translation>
    </message>
    <message>
        <source>{processes} of {count} processes trained together</source>
        <translation>{processes} von {count} Prozessen haben zusammen trainiert</translation>
    </message>
    <message>
        <source>A chat is to be written in the model&apos;s own form, and this tokenizer does not bring one. Base models have none, only those for chats (their names often end in -Instruct, -it or -Chat); some copies leave the file chat_template.jinja out.</source>
        <translation>Ein Chat soll in der Form des Modells geschrieben werden, und dieser Tokenizer bringt keine mit. Basismodelle haben keine, nur solche für Chats (ihre Namen enden oft auf -Instruct, -it oder -Chat); manche Kopien lassen die Datei chat_template.jinja weg.</translation>
    </message>
    <message>
        <source>A model that you trained yourself: load the tokenizer from its own folder, where chat_template.jinja or tokenizer_config.json must lie</source>
        <translation>Ein selbst trainiertes Modell: Laden Sie den Tokenizer aus dessen eigenem Ordner, in dem chat_template.jinja oder tokenizer_config.json liegen muss</translation>
    </message>
    <message>
        <source>A server (Ollama, Jupyter, TensorBoard, vLLM, llama.cpp, a training with several processes) wants a numbered port on this computer, and another one holds it. Mostly it is the same program, already running in the background.</source>
        <translation>Ein Server (Ollama, Jupyter, TensorBoard, vLLM, llama.cpp, ein Training mit mehreren Prozessen) will einen bestimmten Port dieses Computers, und ein anderer hält ihn. Meist ist es dasselbe Programm, das schon im Hintergrund läuft.</translation>
    </message>
    <message>
        <source>A text file was read in Windows&apos; old code page</source>
        <translation>Eine Textdatei wurde in der alten Codepage von Windows gelesen</translation>
    </message>
    <message>
        <source>An adapter that is only loaded: it belongs to the model whose name stands in its adapter_config.json as base_model_name_or_path; load that one</source>
        <translation>Ein Adapter, der nur geladen wird: Er gehört zu dem Modell, dessen Name in seiner adapter_config.json als base_model_name_or_path steht; laden Sie dieses</translation>
    </message>
    <message>
        <source>Another port: jupyter lab --port 8890, tensorboard --port 6007, vllm serve --port 8001, llama-server --port 8081</source>
        <translation>Ein anderer Port: jupyter lab --port 8890, tensorboard --port 6007, vllm serve --port 8001, llama-server --port 8081</translation>
    </message>
    <message>
        <source>Another program already uses this port</source>
        <translation>Ein anderes Programm benutzt diesen Port schon</translation>
    </message>
    <message>
        <source>Close notebooks and windows of earlier runs</source>
        <translation>Schließen Sie Notebooks und Fenster früherer Läufe</translation>
    </message>
    <message>
        <source>For all programs of this account: search the Start menu for environment variables, add PYTHONUTF8 with the value 1, and open the terminal or notebook again</source>
        <translation>Für alle Programme dieses Kontos: Suchen Sie im Startmenü nach Umgebungsvariablen, fügen Sie PYTHONUTF8 mit dem Wert 1 hinzu, und öffnen Sie Terminal oder Notebook neu</translation>
    </message>
    <message>
        <source>Full fine-tuning without an adapter: load the model in torch.float32</source>
        <translation>Volles Feintuning ohne Adapter: Laden Sie das Modell in torch.float32</translation>
    </message>
    <message>
        <source>It comes while a package is installed: set PYTHONUTF8 in the same way, then install again</source>
        <translation>Es kommt, während ein Paket installiert wird: Setzen Sie PYTHONUTF8 ebenso, und installieren Sie noch einmal</translation>
    </message>
    <message>
        <source>LoRA is told the names of the layers that it changes (target_modules). None of those names stands in this model: each family names its layers in its own way (q_proj in Llama, Wqkv or qkv_proj in Phi, c_attn in GPT-2, query_key_value in Falcon).</source>
        <translation>LoRA bekommt die Namen der Schichten, die es ändert (target_modules). Keiner dieser Namen steht in diesem Modell: Jede Familie nennt ihre Schichten anders (q_proj bei Llama, Wqkv oder qkv_proj bei Phi, c_attn bei GPT-2, query_key_value bei Falcon).</translation>
    </message>
    <message>
        <source>Load the model through Unsloth with dtype = None: it keeps the adapter&apos;s weights in 32 bit. In a script of your own make the trained weights 32 bit.</source>
        <translation>Laden Sie das Modell über Unsloth mit dtype = None: Es hält die Gewichte des Adapters in 32 Bit. In einem eigenen Skript machen Sie die trainierten Gewichte 32 Bit breit.</translation>
    </message>
    <message>
        <source>Name layers of this model: target_modules = &quot;all-linear&quot; takes all of them, whatever they are called.</source>
        <translation>Nennen Sie Schichten dieses Modells: target_modules = &quot;all-linear&quot; nimmt alle, wie sie auch heißen.</translation>
    </message>
    <message>
        <source>Name the encoding where the file is opened: open(FILE, encoding=&quot;utf-8&quot;). Or let Python read everything as UTF-8.</source>
        <translation>Nennen Sie die Kodierung, wo die Datei geöffnet wird: open(DATEI, encoding=&quot;utf-8&quot;). Oder lassen Sie Python alles als UTF-8 lesen.</translation>
    </message>
    <message>
        <source>Or, newer peft: from peft import cast_mixed_precision_params; cast_mixed_precision_params(model, dtype = torch.float16)</source>
        <translation>Oder, mit neuerem peft: from peft import cast_mixed_precision_params; cast_mixed_precision_params(model, dtype = torch.float16)</translation>
    </message>
    <message>
        <source>Own script with peft, after get_peft_model: for p in model.parameters(): if p.requires_grad: p.data = p.data.float()</source>
        <translation>Eigenes Skript mit peft, nach get_peft_model: for p in model.parameters(): if p.requires_grad: p.data = p.data.float()</translation>
    </message>
    <message>
        <source>Plain texts need no template: hand them over in a column text instead of messages</source>
        <translation>Einfache Texte brauchen keine Vorlage: Übergeben Sie sie in einer Spalte text statt messages</translation>
    </message>
    <message>
        <source>RTX 30 and later: load in torch.bfloat16 and set bf16=True, fp16=False instead</source>
        <translation>RTX 30 und neuer: Laden Sie stattdessen in torch.bfloat16, und setzen Sie bf16=True, fp16=False</translation>
    </message>
    <message>
        <source>Take the version of the model that is made for chats (its name ends in -Instruct or -it), or give the tokenizer a template before the data is prepared.</source>
        <translation>Nehmen Sie die Fassung des Modells, die für Chats gemacht ist (ihr Name endet auf -Instruct oder -it), oder geben Sie dem Tokenizer eine Vorlage, bevor die Daten vorbereitet werden.</translation>
    </message>
    <message>
        <source>The file is written in UTF-8, as nearly all data is. On Windows Python&apos;s open() reads it in the code page of the system&apos;s language unless an encoding is named, and stops at the first letter that this page does not have.</source>
        <translation>Die Datei ist in UTF-8 geschrieben, wie fast alle Daten. Unter Windows liest Pythons open() sie in der Codepage der Systemsprache, wenn keine Kodierung genannt ist, und bricht beim ersten Buchstaben ab, den diese Seite nicht hat.</translation>
    </message>
    <message>
        <source>The layers that the adapter should change do not exist in this model</source>
        <translation>Die Schichten, die der Adapter ändern soll, gibt es in diesem Modell nicht</translation>
    </message>
    <message>
        <source>The model&apos;s tokenizer has no chat template</source>
        <translation>Der Tokenizer des Modells hat keine Chat-Vorlage</translation>
    </message>
    <message>
        <source>The training was asked for mixed precision in fp16, which keeps the trained weights in 32 bit. Here they were loaded in fp16 themselves, and their gradients cannot be scaled back.</source>
        <translation>Das Training sollte mit gemischter Genauigkeit in fp16 laufen; die hält die trainierten Gewichte in 32 Bit. Hier wurden sie selbst in fp16 geladen, und ihre Gradienten lassen sich nicht zurückrechnen.</translation>
    </message>
    <message>
        <source>Use the one that already runs, end it, or let the new one take another port.</source>
        <translation>Benutzen Sie das Programm, das schon läuft, beenden Sie es, oder lassen Sie das neue einen anderen Port nehmen.</translation>
    </message>
    <message>
        <source>Weights in fp16 are to be trained with mixed precision</source>
        <translation>Gewichte in fp16 sollen mit gemischter Genauigkeit trainiert werden</translation>
    </message>
    <message>
        <source>Which names there are: print({name.split(&quot;.&quot;)[-1] for name, m in model.named_modules() if &quot;Linear&quot; in type(m).__name__})</source>
        <translation>Welche Namen es gibt: print({name.split(&quot;.&quot;)[-1] for name, m in model.named_modules() if &quot;Linear&quot; in type(m).__name__})</translation>
    </message>
    <message>
        <source>Who holds it: Windows, netstat -ano | findstr :PORT, then the number in the Task Manager under Details; Linux, sudo ss -ltnp | grep :PORT</source>
        <translation>Wer ihn hält: Windows: netstat -ano | findstr :PORT, dann die Nummer im Task-Manager unter Details; Linux: sudo ss -ltnp | grep :PORT</translation>
    </message>
    <message>
        <source>Windows, in PowerShell or the terminal that this program opens: $env:PYTHONUTF8 = &quot;1&quot;, then start the script there</source>
        <translation>Windows, in PowerShell oder im Terminal, das dieses Programm öffnet: $env:PYTHONUTF8 = &quot;1&quot;, dann starten Sie das Skript dort</translation>
    </message>
    <message>
        <source>With Unsloth leave target_modules out of get_peft_model: it knows the names of each family that it supports</source>
        <translation>Lassen Sie mit Unsloth target_modules in get_peft_model weg: Es kennt die Namen jeder Familie, die es unterstützt</translation>
    </message>
    <message>
        <source>With Unsloth: from unsloth.chat_templates import get_chat_template; tokenizer = get_chat_template(tokenizer, chat_template = &quot;chatml&quot;) - take the name of the model&apos;s family where there is one, such as llama-3.1, qwen-2.5 or gemma-3</source>
        <translation>Mit Unsloth: from unsloth.chat_templates import get_chat_template; tokenizer = get_chat_template(tokenizer, chat_template = &quot;chatml&quot;) - nehmen Sie den Namen der Familie des Modells, wo es ihn gibt, etwa llama-3.1, qwen-2.5 oder gemma-3</translation>
    </message>
    <message>
        <source>adapter target missing</source>
        <translation>Die Schichten, die der Adapter ändern soll, gibt es in diesem Modell nicht</translation>
    </message>
    <message>
        <source>chat template missing</source>
        <translation>Der Tokenizer des Modells hat keine Chat-Vorlage</translation>
    </message>
    <message>
        <source>fp16 weights trained</source>
        <translation>Gewichte in fp16 sollen mit gemischter Genauigkeit trainiert werden</translation>
    </message>
    <message>
        <source>pandas: read_csv(FILE, encoding=&quot;utf-8&quot;); datasets reads UTF-8 by itself: load_dataset(&quot;json&quot;, data_files=FILE)</source>
        <translation>pandas: read_csv(DATEI, encoding=&quot;utf-8&quot;); datasets liest von selbst UTF-8: load_dataset(&quot;json&quot;, data_files=DATEI)</translation>
    </message>
    <message>
        <source>port in use</source>
        <translation>Ein anderes Programm benutzt diesen Port schon</translation>
    </message>
    <message>
        <source>text file encoding</source>
        <translation>Eine Textdatei wurde in der alten Codepage von Windows gelesen</translation>
    </message>
    <message>
        <source>vLLM: --chat-template FILE.jinja</source>
        <translation>vLLM: --chat-template DATEI.jinja</translation>
    </message>
    <message>
        <source>A cluster: module avail gcc lists newer ones; load one before the start</source>
        <translation>Auf einem Cluster: module avail gcc listet neuere auf; laden Sie eine davon vor dem Start</translation>
    </message>
    <message>
        <source>A container with a newer Ubuntu runs on the old system: docker run --gpus all -it nvidia/cuda:12.8.1-runtime-ubuntu24.04; on a cluster Apptainer does the same</source>
        <translation>Ein Container mit einem neueren Ubuntu läuft auf dem alten System: docker run --gpus all -it nvidia/cuda:12.8.1-runtime-ubuntu24.04; auf einem Cluster leistet Apptainer dasselbe</translation>
    </message>
    <message>
        <source>A file from somebody else: look for a copy that ends in .safetensors; such a file can hold weights alone</source>
        <translation>Eine Datei von jemand anderem: Suchen Sie eine Kopie, die auf .safetensors endet; eine solche Datei kann nur Gewichte enthalten</translation>
    </message>
    <message>
        <source>A llama.cpp of your own: git pull, then python -m pip install -r requirements.txt in its folder</source>
        <translation>Ein eigenes llama.cpp: git pull, dann python -m pip install -r requirements.txt in seinem Ordner</translation>
    </message>
    <message>
        <source>A package that was built on this computer with another compiler: build it again with the one whose library is loaded</source>
        <translation>Ein Paket, das auf diesem Rechner mit einem anderen Compiler gebaut wurde: Bauen Sie es noch einmal mit dem, dessen Bibliothek geladen wird</translation>
    </message>
    <message>
        <source>A package was compiled with a newer C++ library than the libstdc++.so.6 that was loaded. Often a conda environment brings an older one than the system has, and it is found first. The package itself is whole.</source>
        <translation>Ein Paket wurde mit einer neueren C++-Bibliothek übersetzt, als die geladene libstdc++.so.6 ist. Oft bringt eine conda-Umgebung eine ältere mit, als das System hat, und sie wird zuerst gefunden. Das Paket selbst ist heil.</translation>
    </message>
    <message>
        <source>A program that was compiled elsewhere, such as llama-quantize: compile it on this computer</source>
        <translation>Ein Programm, das anderswo übersetzt wurde, etwa llama-quantize: Übersetzen Sie es auf diesem Rechner</translation>
    </message>
    <message>
        <source>A worker process that prepares or loads data ended</source>
        <translation>Ein Arbeitsprozess, der Daten vorbereitet oder lädt, hat geendet</translation>
    </message>
    <message>
        <source>An offline switch is on (a variable such as HF_HUB_OFFLINE, or local_files_only=True in the script), and what is asked for is not in the cache. The connection itself was not tried.</source>
        <translation>Ein Offline-Schalter ist an (eine Variable wie HF_HUB_OFFLINE oder local_files_only=True im Skript), und was verlangt wird, liegt nicht im Cache. Die Verbindung selbst wurde nicht versucht.</translation>
    </message>
    <message>
        <source>At once, in the training arguments: dataloader_num_workers = 0, and dataset_num_proc = None</source>
        <translation>Sofort, in den Trainingsargumenten: dataloader_num_workers = 0 und dataset_num_proc = None</translation>
    </message>
    <message>
        <source>Bring llama.cpp up to date and convert again; if the newest one does not know the model either, keep the merged model until it does.</source>
        <translation>Bringen Sie llama.cpp auf den neuesten Stand und wandeln Sie noch einmal um; kennt auch das neueste das Modell nicht, heben Sie das zusammengeführte Modell so lange auf.</translation>
    </message>
    <message>
        <source>Data is prepared and loaded in worker processes, and one of them ended. Why it ended its own message says, which often stands further up or in another window; without worker processes it comes where it can be seen.</source>
        <translation>Daten werden in Arbeitsprozessen vorbereitet und geladen, und einer davon hat geendet. Warum, sagt seine eigene Meldung, die oft weiter oben oder in einem anderen Fenster steht; ohne Arbeitsprozesse kommt sie dort, wo man sie sieht.</translation>
    </message>
    <message>
        <source>Do not copy a newer libc.so.6 over the system&apos;s: nothing starts afterwards</source>
        <translation>Kopieren Sie keine neuere libc.so.6 über die des Systems: Danach startet nichts mehr</translation>
    </message>
    <message>
        <source>Do not do it for a file that you cannot vouch for: loading it can run any program</source>
        <translation>Tun Sie es nicht für eine Datei, für die Sie nicht bürgen können: Beim Laden kann sie jedes Programm ausführen</translation>
    </message>
    <message>
        <source>Docker: docker run --shm-size=8g (or --ipc=host); Compose: shm_size: &quot;8gb&quot; under the service; VS Code: &quot;runArgs&quot;: [&quot;--shm-size=8g&quot;] in devcontainer.json, then rebuild the container</source>
        <translation>Docker: docker run --shm-size=8g (oder --ipc=host); Compose: shm_size: &quot;8gb&quot; unter dem Dienst; VS Code: &quot;runArgs&quot;: [&quot;--shm-size=8g&quot;] in devcontainer.json, dann den Container neu bauen</translation>
    </message>
    <message>
        <source>From torch 2.6 on torch.load takes weights alone, for a file of the older kind can run any program when it is loaded. This one also holds other objects: the state of a run (rng_state, optimizer, scheduler), or a whole model saved as an object. It is whole.</source>
        <translation>Ab torch 2.6 nimmt torch.load nur Gewichte an, denn eine Datei der älteren Art kann beim Laden jedes Programm ausführen. Diese enthält auch andere Objekte: den Stand eines Laufs (rng_state, optimizer, scheduler) oder ein ganzes Modell, das als Objekt gespeichert wurde. Sie ist heil.</translation>
    </message>
    <message>
        <source>GLIBCXX_3.4.30 comes with GCC 12 (Ubuntu 22.04), 3.4.32 with GCC 13 (Ubuntu 24.04)</source>
        <translation>GLIBCXX_3.4.30 kommt mit GCC 12 (Ubuntu 22.04), 3.4.32 mit GCC 13 (Ubuntu 24.04)</translation>
    </message>
    <message>
        <source>Give the container more shared memory when it is started, or load the data without worker processes.</source>
        <translation>Geben Sie dem Container beim Start mehr gemeinsamen Speicher, oder laden Sie die Daten ohne Arbeitsprozesse.</translation>
    </message>
    <message>
        <source>If you trust where the file comes from, load it with weights_only=False; better take the same weights as safetensors.</source>
        <translation>Wenn Sie der Herkunft der Datei trauen, laden Sie sie mit weights_only=False; besser nehmen Sie dieselben Gewichte als safetensors.</translation>
    </message>
    <message>
        <source>In a package that you cannot change: set TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD to 1 before the start; in a notebook&apos;s first cell: import os; os.environ[&quot;TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD&quot;] = &quot;1&quot;</source>
        <translation>In einem Paket, das Sie nicht ändern können: Setzen Sie vor dem Start TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD auf 1; in der ersten Zelle eines Notebooks: import os; os.environ[&quot;TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD&quot;] = &quot;1&quot;</translation>
    </message>
    <message>
        <source>In the script: leave local_files_only=True out</source>
        <translation>Im Skript: Lassen Sie local_files_only=True weg</translation>
    </message>
    <message>
        <source>In your own script: torch.load(FILE, map_location=&quot;cpu&quot;, weights_only=False)</source>
        <translation>In Ihrem eigenen Skript: torch.load(DATEI, map_location=&quot;cpu&quot;, weights_only=False)</translation>
    </message>
    <message>
        <source>It was downloaded before and is not found: HF_HOME must point to the same folder as then</source>
        <translation>Es wurde früher geladen und wird nicht gefunden: HF_HOME muss auf denselben Ordner zeigen wie damals</translation>
    </message>
    <message>
        <source>Kubernetes: mount an emptyDir with medium: Memory at /dev/shm</source>
        <translation>Kubernetes: Binden Sie ein emptyDir mit medium: Memory unter /dev/shm ein</translation>
    </message>
    <message>
        <source>Linux and WSL without a container: sudo mount -o remount,size=8G /dev/shm</source>
        <translation>Linux und WSL ohne Container: sudo mount -o remount,size=8G /dev/shm</translation>
    </message>
    <message>
        <source>Or merge the adapter into the model (save_pretrained_merged) and serve that: then no rank has to be given</source>
        <translation>Oder führen Sie den Adapter mit dem Modell zusammen (save_pretrained_merged) und starten Sie vLLM damit: Dann muss kein Rang angegeben werden</translation>
    </message>
    <message>
        <source>Runs that were killed leave files there: when nothing runs, delete those in /dev/shm whose names begin with torch_ or nccl-</source>
        <translation>Abgebrochene Läufe lassen dort Dateien liegen: Wenn nichts läuft, löschen Sie in /dev/shm die, deren Namen mit torch_ oder nccl- beginnen</translation>
    </message>
    <message>
        <source>Several cards, as a slower way round: set NCCL_SHM_DISABLE to 1 before the start</source>
        <translation>Mehrere Karten, als langsamerer Umweg: Setzen Sie vor dem Start NCCL_SHM_DISABLE auf 1</translation>
    </message>
    <message>
        <source>Start vLLM with max_lora_rank at least as high as the adapter&apos;s rank.</source>
        <translation>Starten Sie vLLM mit einem max_lora_rank, der mindestens so hoch ist wie der Rang des Adapters.</translation>
    </message>
    <message>
        <source>Switch it off: Notebook, take the line with HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE or HF_DATASETS_OFFLINE out and restart the kernel; PowerShell: Remove-Item Env:HF_HUB_OFFLINE; Linux: unset HF_HUB_OFFLINE</source>
        <translation>Ausschalten: im Notebook die Zeile mit HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE oder HF_DATASETS_OFFLINE entfernen und den Kernel neu starten; PowerShell: Remove-Item Env:HF_HUB_OFFLINE; Linux: unset HF_HUB_OFFLINE</translation>
    </message>
    <message>
        <source>The C++ library of this environment or system is older than a package needs</source>
        <translation>Die C++-Bibliothek dieser Umgebung oder dieses Systems ist älter, als ein Paket braucht</translation>
    </message>
    <message>
        <source>The adapter&apos;s rank is higher than vLLM was told to allow</source>
        <translation>Der Rang des Adapters ist höher, als vLLM zulassen soll</translation>
    </message>
    <message>
        <source>The adapter&apos;s rank stands in its adapter_config.json as r</source>
        <translation>Der Rang des Adapters steht in seiner adapter_config.json als r</translation>
    </message>
    <message>
        <source>The script of llama.cpp that makes GGUF files has a list of the models and tokenizers that it can convert, and this one is not in it: it is newer than the script, or its tokenizer was changed. The trained model itself is whole.</source>
        <translation>Das Skript von llama.cpp, das GGUF-Dateien macht, hat eine Liste der Modelle und Tokenizer, die es umwandeln kann, und dieses steht nicht darin: Es ist neuer als das Skript, oder sein Tokenizer wurde geändert. Das trainierte Modell selbst ist heil.</translation>
    </message>
    <message>
        <source>The shared memory of this computer or container (/dev/shm) is full</source>
        <translation>Der gemeinsame Speicher dieses Rechners oder Containers (/dev/shm) ist voll</translation>
    </message>
    <message>
        <source>This Linux is older than a package or program needs</source>
        <translation>Dieses Linux ist älter, als ein Paket oder Programm braucht</translation>
    </message>
    <message>
        <source>Unsloth: rename the folders llama.cpp and llama.cpp-converter in the folder .unsloth of your user folder (older releases: llama.cpp beside the script); the next export fetches them again</source>
        <translation>Unsloth: Benennen Sie die Ordner llama.cpp und llama.cpp-converter im Ordner .unsloth Ihres Benutzerordners um (ältere Ausgaben: llama.cpp neben dem Skript); beim nächsten Export werden sie neu geholt</translation>
    </message>
    <message>
        <source>Use a newer Linux, in a container if the system must stay, or an older release of the package.</source>
        <translation>Nehmen Sie ein neueres Linux, in einem Container, wenn das System bleiben muss, oder eine ältere Ausgabe des Pakets.</translation>
    </message>
    <message>
        <source>Use a system or environment with a newer C++ library, or a release of the package that was built for this one.</source>
        <translation>Nehmen Sie ein System oder eine Umgebung mit einer neueren C++-Bibliothek, oder eine Ausgabe des Pakets, die für diese gebaut wurde.</translation>
    </message>
    <message>
        <source>WSL: wsl --install Ubuntu-24.04 in PowerShell gives a newer system beside the old one</source>
        <translation>WSL: wsl --install Ubuntu-24.04 in der PowerShell gibt ein neueres System neben dem alten</translation>
    </message>
    <message>
        <source>What was started is compiled for a newer C library (glibc) than this Linux has. That library belongs to the system and cannot be exchanged alone.</source>
        <translation>Was gestartet wurde, ist für eine neuere C-Bibliothek (glibc) übersetzt, als dieses Linux hat. Sie gehört zum System und lässt sich nicht allein austauschen.</translation>
    </message>
    <message>
        <source>Whether the model is known: look for its name in the issues of llama.cpp</source>
        <translation>Ob das Modell bekannt ist: Suchen Sie seinen Namen in den Meldungen (Issues) von llama.cpp</translation>
    </message>
    <message>
        <source>Which versions there are: strings /usr/lib/x86_64-linux-gnu/libstdc++.so.6 | grep GLIBCXX (the message names the file that was loaded)</source>
        <translation>Welche Versionen es gibt: strings /usr/lib/x86_64-linux-gnu/libstdc++.so.6 | grep GLIBCXX (die Meldung nennt die Datei, die geladen wurde)</translation>
    </message>
    <message>
        <source>With Unsloth&apos;s fast_inference = True: max_lora_rank = 64 in FastLanguageModel.from_pretrained, the same number as r in get_peft_model</source>
        <translation>Mit fast_inference = True von Unsloth: max_lora_rank = 64 in FastLanguageModel.from_pretrained, dieselbe Zahl wie r in get_peft_model</translation>
    </message>
    <message>
        <source>Without GGUF: save_pretrained_merged, which vLLM and transformers read</source>
        <translation>Ohne GGUF: save_pretrained_merged; das lesen vLLM und transformers</translation>
    </message>
    <message>
        <source>Without changing the system: a conda environment with conda install -c conda-forge &quot;libstdcxx-ng&gt;=13&quot; brings a newer one</source>
        <translation>Ohne das System zu ändern: Eine conda-Umgebung mit conda install -c conda-forge &quot;libstdcxx-ng&gt;=13&quot; bringt eine neuere mit</translation>
    </message>
    <message>
        <source>Without internet: download the model where there is some (hf download NAME --local-dir FOLDER), copy the folder, and give its path as the model&apos;s name</source>
        <translation>Ohne Internet: Laden Sie das Modell dort, wo es welches gibt (hf download NAME --local-dir ORDNER), kopieren Sie den Ordner, und geben Sie seinen Pfad als Namen des Modells an</translation>
    </message>
    <message>
        <source>Worker processes and several cards hand data to each other through /dev/shm, a piece of main memory of a fixed size. It is full. Containers get 64 MB of it unless they are started with more. Neither a drive nor the card is full.</source>
        <translation>Arbeitsprozesse und mehrere Karten reichen einander Daten über /dev/shm weiter, ein Stück Arbeitsspeicher fester Größe. Es ist voll. Container bekommen 64 MB davon, wenn sie nicht mit mehr gestartet werden. Weder ein Laufwerk noch die Karte ist voll.</translation>
    </message>
    <message>
        <source>gguf converter unknown</source>
        <translation>Der Umwandler von llama.cpp kennt dieses Modell oder seinen Tokenizer nicht</translation>
    </message>
    <message>
        <source>glibc too old</source>
        <translation>Dieses Linux ist älter, als ein Paket oder Programm braucht</translation>
    </message>
    <message>
        <source>ldd --version shows this system&apos;s glibc: Ubuntu 20.04 has 2.31, 22.04 has 2.35, 24.04 has 2.39; CentOS 7 has 2.17, RHEL 8 has 2.28</source>
        <translation>ldd --version zeigt die glibc dieses Systems: Ubuntu 20.04 hat 2.31, 22.04 hat 2.35, 24.04 hat 2.39; CentOS 7 hat 2.17, RHEL 8 hat 2.28</translation>
    </message>
    <message>
        <source>libstdcxx too old</source>
        <translation>Die C++-Bibliothek dieser Umgebung oder dieses Systems ist älter, als ein Paket braucht</translation>
    </message>
    <message>
        <source>llama.cpp&apos;s converter does not know this model or its tokenizer</source>
        <translation>Der Umwandler von llama.cpp kennt dieses Modell oder seinen Tokenizer nicht</translation>
    </message>
    <message>
        <source>shared memory too small</source>
        <translation>Der gemeinsame Speicher dieses Rechners oder Containers (/dev/shm) ist voll</translation>
    </message>
    <message>
        <source>torch refuses to load a file that holds more than weights</source>
        <translation>torch lädt eine Datei nicht, die mehr als Gewichte enthält</translation>
    </message>
    <message>
        <source>vLLM sets room aside for adapters of one highest rank (max_lora_rank, 16 unless it is given). This adapter was trained with a higher one (r in get_peft_model). The adapter is whole.</source>
        <translation>vLLM hält Platz für Adapter bis zu einem höchsten Rang frei (max_lora_rank, ohne Angabe 16). Dieser Adapter wurde mit einem höheren trainiert (r in get_peft_model). Der Adapter ist heil.</translation>
    </message>
    <message>
        <source>vllm lora rank</source>
        <translation>Der Rang des Adapters ist höher, als vLLM zulassen soll</translation>
    </message>
    <message>
        <source>vllm serve MODEL --enable-lora --max-lora-rank 64 --lora-modules NAME=FOLDER; in Python: LLM(..., enable_lora=True, max_lora_rank=64)</source>
        <translation>vllm serve MODELL --enable-lora --max-lora-rank 64 --lora-modules NAME=ORDNER; in Python: LLM(..., enable_lora=True, max_lora_rank=64)</translation>
    </message>
    <message>
        <source>weights only load</source>
        <translation>torch lädt eine Datei nicht, die mehr als Gewichte enthält</translation>
    </message>
    <message>
        <source>No token was added, and yet the tokenizer is not known: copy tokenizer.json, tokenizer_config.json and special_tokens_map.json of the base model into the merged folder, and convert again</source>
        <translation>Kein Token kam hinzu, und doch ist der Tokenizer unbekannt: Kopieren Sie tokenizer.json, tokenizer_config.json und special_tokens_map.json des Ausgangsmodells in den zusammengeführten Ordner, und wandeln Sie noch einmal um</translation>
    </message>
    <message>
        <source>Accept the terms, or use conda-forge alone; this program needs no conda at all.</source>
        <translation>Nehmen Sie die Bedingungen an, oder verwenden Sie nur conda-forge; dieses Programm braucht gar kein conda.</translation>
    </message>
    <message>
        <source>Anaconda&apos;s own channels (main, r, msys2) are used only after their terms of service were accepted. In a container or a script nobody is asked, so conda stops.</source>
        <translation>Anacondas eigene Kanäle (main, r, msys2) werden erst benutzt, wenn ihre Nutzungsbedingungen angenommen sind. In einem Container oder Skript wird niemand gefragt, deshalb bricht conda ab.</translation>
    </message>
    <message>
        <source>Before the adapter: tokenizer = AutoTokenizer.from_pretrained(ADAPTER_FOLDER), then model.resize_token_embeddings(ROWS)</source>
        <translation>Vor dem Adapter: tokenizer = AutoTokenizer.from_pretrained(ADAPTER_ORDNER), dann model.resize_token_embeddings(ZEILEN)</translation>
    </message>
    <message>
        <source>Conda wants the terms of its channels to be accepted</source>
        <translation>Conda verlangt, dass die Bedingungen seiner Kanäle angenommen werden</translation>
    </message>
    <message>
        <source>Load the tokenizer that was saved with the adapter, resize the model to it, then load the adapter.</source>
        <translation>Laden Sie den Tokenizer, der mit dem Adapter gespeichert wurde, passen Sie die Größe des Modells daran an, und laden Sie dann den Adapter.</translation>
    </message>
    <message>
        <source>Look whether the base is the very model that the adapter was trained on: base_model_name_or_path in adapter_config.json</source>
        <translation>Sehen Sie nach, ob das Ausgangsmodell wirklich das ist, auf dem der Adapter trainiert wurde: base_model_name_or_path in adapter_config.json</translation>
    </message>
    <message>
        <source>ROWS is the first number that the message names for the checkpoint: len(tokenizer), or a little more where the layer was padded</source>
        <translation>ZEILEN ist die erste Zahl, die die Meldung für den Checkpoint nennt: len(tokenizer), oder etwas mehr, wo die Schicht aufgefüllt wurde</translation>
    </message>
    <message>
        <source>The adapter was trained with another number of tokens than the model has</source>
        <translation>Der Adapter wurde mit einer anderen Zahl von Token trainiert, als das Modell hat</translation>
    </message>
    <message>
        <source>The rows of the embeddings or of the last layer in the adapter&apos;s file and in the model are not as many: tokens were added before the training (or the layer was padded), and the model that is loaded now has not been resized.</source>
        <translation>Die Einbettungen oder die letzte Schicht haben in der Datei des Adapters und im Modell verschieden viele Zeilen: Vor dem Training kamen Token hinzu (oder die Schicht wurde aufgefüllt), und das Modell, das jetzt geladen wird, hat nicht die gleiche Größe bekommen.</translation>
    </message>
    <message>
        <source>Then PeftModel.from_pretrained(model, ADAPTER_FOLDER)</source>
        <translation>Dann PeftModel.from_pretrained(model, ADAPTER_ORDNER)</translation>
    </message>
    <message>
        <source>This program makes environments with Python and uv and touches no conda</source>
        <translation>Dieses Programm legt Umgebungen mit Python und uv an und rührt conda nicht an</translation>
    </message>
    <message>
        <source>To accept: conda tos accept --override-channels --channel CHANNEL, for each channel that the message names (an employer&apos;s licence may be needed)</source>
        <translation>Annehmen: conda tos accept --override-channels --channel KANAL, für jeden Kanal, den die Meldung nennt (vielleicht ist eine Lizenz Ihres Arbeitgebers nötig)</translation>
    </message>
    <message>
        <source>Without them: conda config --remove channels defaults, conda config --add channels conda-forge, or Miniforge instead of Miniconda</source>
        <translation>Ohne sie: conda config --remove channels defaults, conda config --add channels conda-forge, oder Miniforge statt Miniconda</translation>
    </message>
    <message>
        <source>adapter vocabulary</source>
        <translation>Der Adapter wurde mit einer anderen Zahl von Token trainiert, als das Modell hat</translation>
    </message>
    <message>
        <source>conda terms</source>
        <translation>Conda verlangt, dass die Bedingungen seiner Kanäle angenommen werden</translation>
    </message>
    <message>
        <source>A notebook: restart the kernel without that variable; it is read when a process starts</source>
        <translation>In einem Notebook: Starten Sie den Kernel ohne diese Variable neu; sie wird beim Start eines Prozesses gelesen</translation>
    </message>
    <message>
        <source>An adapter that is loaded to go on with: PeftModel.from_pretrained(model, FOLDER, is_trainable=True)</source>
        <translation>Ein Adapter, mit dem weitertrainiert wird: PeftModel.from_pretrained(model, ORDNER, is_trainable=True)</translation>
    </message>
    <message>
        <source>CUDA libraries of another version come before those that torch brought</source>
        <translation>CUDA-Bibliotheken einer anderen Version kommen vor denen, die torch mitgebracht hat</translation>
    </message>
    <message>
        <source>If it stays, lines that set the variable stand in .bashrc, .profile or the container&apos;s settings</source>
        <translation>Bleibt es, stehen Zeilen, die die Variable setzen, in .bashrc, .profile oder den Einstellungen des Containers</translation>
    </message>
    <message>
        <source>Let the inputs carry gradients and make sure that the adapter may learn.</source>
        <translation>Lassen Sie die Eingaben Gradienten tragen, und sorgen Sie dafür, dass der Adapter lernen darf.</translation>
    </message>
    <message>
        <source>Nothing that is trained takes part in the loss</source>
        <translation>Nichts, was trainiert wird, geht in den Verlust ein</translation>
    </message>
    <message>
        <source>On a cluster: module unload cuda (or module purge) before the start; torch needs no CUDA module</source>
        <translation>Auf einem Cluster: module unload cuda (oder module purge) vor dem Start; torch braucht kein CUDA-Modul</translation>
    </message>
    <message>
        <source>Take the other CUDA out of the search path for libraries.</source>
        <translation>Nehmen Sie das andere CUDA aus dem Suchpfad für Bibliotheken heraus.</translation>
    </message>
    <message>
        <source>The loss has no way back to a weight that may change. Mostly gradient checkpointing was switched on for a frozen model whose inputs carry no gradient, or the adapter is missing, frozen or was loaded for use only.</source>
        <translation>Vom Verlust führt kein Weg zu einem Gewicht zurück, das sich ändern darf. Meist ist Gradient Checkpointing für ein eingefrorenes Modell eingeschaltet, dessen Eingaben keinen Gradienten tragen, oder der Adapter fehlt, ist eingefroren oder wurde nur zum Benutzen geladen.</translation>
    </message>
    <message>
        <source>Unsloth: FastLanguageModel.get_peft_model(..., use_gradient_checkpointing=&quot;unsloth&quot;) does both</source>
        <translation>Unsloth: FastLanguageModel.get_peft_model(..., use_gradient_checkpointing=&quot;unsloth&quot;) leistet beides</translation>
    </message>
    <message>
        <source>cuda library path</source>
        <translation>CUDA-Bibliotheken einer anderen Version kommen vor denen, die torch mitgebracht hat</translation>
    </message>
    <message>
        <source>echo $LD_LIBRARY_PATH shows what comes first; in the terminal in which you start: unset LD_LIBRARY_PATH</source>
        <translation>echo $LD_LIBRARY_PATH zeigt, was zuerst kommt; in dem Terminal, in dem Sie starten: unset LD_LIBRARY_PATH</translation>
    </message>
    <message>
        <source>model.print_trainable_parameters() must show more than 0</source>
        <translation>model.print_trainable_parameters() muss mehr als 0 zeigen</translation>
    </message>
    <message>
        <source>no gradient</source>
        <translation>Nichts, was trainiert wird, geht in den Verlust ein</translation>
    </message>
    <message>
        <source>peft alone: model.enable_input_require_grads() before get_peft_model, or gradient_checkpointing_kwargs={&quot;use_reentrant&quot;: False}</source>
        <translation>peft allein: model.enable_input_require_grads() vor get_peft_model, oder gradient_checkpointing_kwargs={&quot;use_reentrant&quot;: False}</translation>
    </message>
    <message>
        <source>torch&apos;s packages bring their own CUDA libraries, and these ask for one another by version. Here one was taken from elsewhere, an older toolkit on the search path for libraries mostly, and lacks a function.</source>
        <translation>Die Pakete von torch bringen ihre eigenen CUDA-Bibliotheken mit, und diese verlangen einander in bestimmten Versionen. Hier wurde eine von anderswo genommen, meist aus einem älteren Toolkit im Suchpfad für Bibliotheken, und ihr fehlt eine Funktion.</translation>
    </message>
    <message>
        <source>A base whose name ends in -GPTQ or -AWQ: take the model that it was made from</source>
        <translation>Ein Basismodell, dessen Name auf -GPTQ oder -AWQ endet: Nehmen Sie das Modell, aus dem es gemacht wurde</translation>
    </message>
    <message>
        <source>A folder from somebody else: look whether base_model_name_or_path in its adapter_config.json is your base model</source>
        <translation>Ein Ordner von jemand anderem: Sehen Sie nach, ob base_model_name_or_path in seiner adapter_config.json Ihr Basismodell ist</translation>
    </message>
    <message>
        <source>A module of your own: from safetensors.torch import save_model; save_model(model, &quot;model.safetensors&quot;)</source>
        <translation>Ein eigenes Modul: from safetensors.torch import save_model; save_model(model, &quot;model.safetensors&quot;)</translation>
    </message>
    <message>
        <source>A queue (Slurm, PBS, LSF) gives each job a time, and ended this one when it was over. Nothing is broken; what was saved until then is whole.</source>
        <translation>Eine Warteschlange (Slurm, PBS, LSF) gibt jedem Job eine Zeit und hat diesen beendet, als sie um war. Nichts ist kaputt; was bis dahin gespeichert wurde, ist heil.</translation>
    </message>
    <message>
        <source>A rented or shared card: tell the operator the number of the card (nvidia-smi -L) and the time, and take another one</source>
        <translation>Eine gemietete oder geteilte Karte: Nennen Sie dem Betreiber die Nummer der Karte (nvidia-smi -L) und die Uhrzeit, und nehmen Sie eine andere</translation>
    </message>
    <message>
        <source>A training with several processes needs a card for each of them. Two were put on one: fewer cards can be seen than processes were started, or each process takes the first card it sees.</source>
        <translation>Ein Training mit mehreren Prozessen braucht für jeden davon eine Karte. Zwei wurden auf dieselbe gelegt: Es sind weniger Karten zu sehen, als Prozesse gestartet wurden, oder jeder Prozess nimmt die erste Karte, die er sieht.</translation>
    </message>
    <message>
        <source>Another rank needs a training from the beginning: without resume_from_checkpoint, in a new output_dir</source>
        <translation>Ein anderer Rang braucht ein Training von Anfang an: ohne resume_from_checkpoint, in einem neuen output_dir</translation>
    </message>
    <message>
        <source>CUDA_VISIBLE_DEVICES must name all of them; Slurm: --gres=gpu:NUMBER, and no --gpus-per-task beside torchrun</source>
        <translation>CUDA_VISIBLE_DEVICES muss sie alle nennen; Slurm: --gres=gpu:NUMBER, und kein --gpus-per-task neben torchrun</translation>
    </message>
    <message>
        <source>Give the job more time, and let the training save often enough to go on from there.</source>
        <translation>Geben Sie dem Job mehr Zeit, und lassen Sie das Training oft genug speichern, um von dort aus weiterzumachen.</translation>
    </message>
    <message>
        <source>Go on with the rank that the saved adapter has, or begin a new training with the new one.</source>
        <translation>Machen Sie mit dem Rang weiter, den der gespeicherte Adapter hat, oder beginnen Sie mit dem neuen ein neues Training.</translation>
    </message>
    <message>
        <source>In a container: --network=host, or an interface of its own</source>
        <translation>In einem Container: --network=host, oder eine eigene Schnittstelle</translation>
    </message>
    <message>
        <source>In a script of your own, before anything is put on a card: torch.cuda.set_device(int(os.environ[&quot;LOCAL_RANK&quot;]))</source>
        <translation>In einem eigenen Skript, bevor etwas auf eine Karte gelegt wird: torch.cuda.set_device(int(os.environ[&quot;LOCAL_RANK&quot;]))</translation>
    </message>
    <message>
        <source>In the training: save_strategy=&quot;steps&quot; and save_steps=100, then trainer.train(resume_from_checkpoint=True) in the next job</source>
        <translation>Im Training: save_strategy=&quot;steps&quot; und save_steps=100, dann im nächsten Job trainer.train(resume_from_checkpoint=True)</translation>
    </message>
    <message>
        <source>Leave the choice to NCCL: unset NCCL_SOCKET_IFNAME in the terminal; in a notebook&apos;s first cell: import os; os.environ.pop(&quot;NCCL_SOCKET_IFNAME&quot;, None)</source>
        <translation>Überlassen Sie NCCL die Wahl: unset NCCL_SOCKET_IFNAME im Terminal; in der ersten Zelle eines Notebooks: import os; os.environ.pop(&quot;NCCL_SOCKET_IFNAME&quot;, None)</translation>
    </message>
    <message>
        <source>Load the base model in 16 bit, put the adapter on it, and merge then.</source>
        <translation>Laden Sie das Basismodell in 16 Bit, setzen Sie den Adapter darauf, und führen Sie dann beide zusammen.</translation>
    </message>
    <message>
        <source>Many models use the same weights for reading tokens and for writing them (embed_tokens and lm_head). safetensors&apos; save_file keeps each name by itself and refuses weights with two names. The model in memory is whole.</source>
        <translation>Viele Modelle benutzen zum Lesen und zum Schreiben von Token dieselben Gewichte (embed_tokens und lm_head). save_file von safetensors speichert jeden Namen für sich und lehnt Gewichte mit zwei Namen ab. Das Modell im Speicher ist heil.</translation>
    </message>
    <message>
        <source>NCCL finds no network interface to talk over</source>
        <translation>NCCL findet keine Netzschnittstelle, über die es sprechen kann</translation>
    </message>
    <message>
        <source>Name an interface that is there, or leave the choice to NCCL.</source>
        <translation>Nennen Sie eine Schnittstelle, die es gibt, oder überlassen Sie NCCL die Wahl.</translation>
    </message>
    <message>
        <source>Name one: export NCCL_SOCKET_IFNAME=enp5s0 (GLOO_SOCKET_IFNAME the same way); on one computer alone lo is enough</source>
        <translation>Nennen Sie eine: export NCCL_SOCKET_IFNAME=enp5s0 (GLOO_SOCKET_IFNAME ebenso); auf einem einzelnen Computer genügt lo</translation>
    </message>
    <message>
        <source>Restart the computer, look at what the card counts, and have the card looked at if it comes again.</source>
        <translation>Starten Sie den Computer neu, sehen Sie nach, was die Karte zählt, und lassen Sie die Karte prüfen, wenn es wiederkommt.</translation>
    </message>
    <message>
        <source>Save with the model&apos;s own function, which knows which weights have two names.</source>
        <translation>Speichern Sie mit der eigenen Funktion des Modells; sie weiß, welche Gewichte zwei Namen haben.</translation>
    </message>
    <message>
        <source>Slurm tells the job beforehand with #SBATCH --signal=USR1@300: time enough to save once more</source>
        <translation>Mit #SBATCH --signal=USR1@300 sagt Slurm dem Job vorher Bescheid: Zeit genug, um noch einmal zu speichern</translation>
    </message>
    <message>
        <source>Slurm: #SBATCH --time=24:00:00 in the job&apos;s file, as far as the partition allows; sinfo -o &quot;%P %l&quot; shows how far</source>
        <translation>Slurm: #SBATCH --time=24:00:00 in der Datei des Jobs, soweit die Partition es erlaubt; sinfo -o &quot;%P %l&quot; zeigt, wie weit</translation>
    </message>
    <message>
        <source>Start as many processes as the job has cards, each on its own card.</source>
        <translation>Starten Sie so viele Prozesse, wie der Job Karten hat, jeden auf einer eigenen Karte.</translation>
    </message>
    <message>
        <source>The adapter cannot be merged into a packed model</source>
        <translation>Der Adapter lässt sich nicht mit einem gepackten Modell zusammenführen</translation>
    </message>
    <message>
        <source>The base model is loaded with weights packed in few bits (GPTQ, AWQ, or 8 or 4 bit with an older peft), and the adapter&apos;s numbers cannot be added to those. Adapter and model are whole.</source>
        <translation>Das Basismodell ist mit Gewichten geladen, die in wenige Bits gepackt sind (GPTQ, AWQ, oder 8 oder 4 Bit mit einem älteren peft), und dazu lassen sich die Zahlen des Adapters nicht addieren. Adapter und Modell sind heil.</translation>
    </message>
    <message>
        <source>The card checks its own memory (ECC) and found an error that it could not put right. The program that was running is ended so that it does not compute with wrong numbers. The script is not at fault.</source>
        <translation>Die Karte prüft ihren eigenen Speicher (ECC) und fand einen Fehler, den sie nicht beheben konnte. Das laufende Programm wird beendet, damit es nicht mit falschen Zahlen rechnet. Am Skript liegt es nicht.</translation>
    </message>
    <message>
        <source>The card&apos;s memory has a fault</source>
        <translation>Der Speicher der Karte hat einen Fehler</translation>
    </message>
    <message>
        <source>The matrices of an adapter (lora_A, lora_B) follow from its rank and from the layers of its model. The saved ones differ in one of the two: r in get_peft_model or LoraConfig was changed since they were saved, or they belong to another base model. The file is whole.</source>
        <translation>Die Matrizen eines Adapters (lora_A, lora_B) ergeben sich aus seinem Rang und aus den Schichten seines Modells. Bei den gespeicherten ist eines von beiden anders: r in get_peft_model oder LoraConfig wurde nach dem Speichern geändert, oder sie gehören zu einem anderen Basismodell. Die Datei ist heil.</translation>
    </message>
    <message>
        <source>The processes of a training find each other over a network interface, on one computer too. Mostly NCCL_SOCKET_IFNAME names one that this computer does not have.</source>
        <translation>Die Prozesse eines Trainings finden einander über eine Netzschnittstelle, auch auf einem einzigen Computer. Meist nennt NCCL_SOCKET_IFNAME eine, die dieser Computer nicht hat.</translation>
    </message>
    <message>
        <source>The saved adapter has another shape than the one that is made now</source>
        <translation>Der gespeicherte Adapter hat eine andere Form als der, der jetzt angelegt wird</translation>
    </message>
    <message>
        <source>The saved rank stands as r in adapter_config.json in the checkpoint&apos;s folder; give get_peft_model or LoraConfig the same one (and the same target_modules)</source>
        <translation>Der gespeicherte Rang steht als r in adapter_config.json im Ordner des Checkpoints; geben Sie get_peft_model oder LoraConfig denselben (und dieselben target_modules)</translation>
    </message>
    <message>
        <source>The time that this job was given is over</source>
        <translation>Die Zeit, die dieser Job bekommen hat, ist um</translation>
    </message>
    <message>
        <source>Then merged = PeftModel.from_pretrained(base, ADAPTER_FOLDER).merge_and_unload() and merged.save_pretrained(&quot;merged&quot;)</source>
        <translation>Dann merged = PeftModel.from_pretrained(base, ADAPTER_FOLDER).merge_and_unload() und merged.save_pretrained(&quot;merged&quot;)</translation>
    </message>
    <message>
        <source>Two names in the model stand for the same weights, and the file does not allow that</source>
        <translation>Zwei Namen im Modell stehen für dieselben Gewichte, und die Datei erlaubt das nicht</translation>
    </message>
    <message>
        <source>Two processes of one training want the same card</source>
        <translation>Zwei Prozesse eines Trainings wollen dieselbe Karte</translation>
    </message>
    <message>
        <source>Undo overclocking of the memory</source>
        <translation>Nehmen Sie die Übertaktung des Speichers zurück</translation>
    </message>
    <message>
        <source>Unsloth does all of it: model.save_pretrained_merged(&quot;merged&quot;, tokenizer, save_method = &quot;merged_16bit&quot;)</source>
        <translation>Unsloth macht das alles: model.save_pretrained_merged(&quot;merged&quot;, tokenizer, save_method = &quot;merged_16bit&quot;)</translation>
    </message>
    <message>
        <source>Until it is saved, keep the notebook or Python open: the trained weights are only in memory</source>
        <translation>Lassen Sie das Notebook oder Python offen, bis es gespeichert ist: Die trainierten Gewichte sind nur im Speicher</translation>
    </message>
    <message>
        <source>Without merging: load base and adapter together, which packed models can</source>
        <translation>Ohne Zusammenführen: Laden Sie Basismodell und Adapter gemeinsam; das geht auch mit gepackten Modellen</translation>
    </message>
    <message>
        <source>adapter shape</source>
        <translation>Form des Adapters</translation>
    </message>
    <message>
        <source>base = AutoModelForCausalLM.from_pretrained(BASE, torch_dtype=&quot;bfloat16&quot;), without load_in_4bit, load_in_8bit or a quantization_config; it may lie in main memory: device_map=&quot;cpu&quot;</source>
        <translation>base = AutoModelForCausalLM.from_pretrained(BASE, torch_dtype=&quot;bfloat16&quot;), ohne load_in_4bit, load_in_8bit oder eine quantization_config; es darf im Arbeitsspeicher liegen: device_map=&quot;cpu&quot;</translation>
    </message>
    <message>
        <source>card memory fault</source>
        <translation>Speicherfehler der Karte</translation>
    </message>
    <message>
        <source>ip -br address shows the names; a running one with an address is the right one, for example enp5s0</source>
        <translation>ip -br address zeigt die Namen; richtig ist eine laufende mit einer Adresse, zum Beispiel enp5s0</translation>
    </message>
    <message>
        <source>job time limit</source>
        <translation>Zeitgrenze des Jobs</translation>
    </message>
    <message>
        <source>merge quantized</source>
        <translation>Zusammenführen mit gepacktem Modell</translation>
    </message>
    <message>
        <source>model.save_pretrained(&quot;folder&quot;), and tokenizer.save_pretrained(&quot;folder&quot;), instead of save_file(model.state_dict(), ...)</source>
        <translation>model.save_pretrained(&quot;folder&quot;) und tokenizer.save_pretrained(&quot;folder&quot;) statt save_file(model.state_dict(), ...)</translation>
    </message>
    <message>
        <source>nccl no interface</source>
        <translation>NCCL ohne Netzschnittstelle</translation>
    </message>
    <message>
        <source>nvidia-smi -q -d ECC,ROW_REMAPPER: errors under Volatile that grow again after the restart speak for a failing card</source>
        <translation>nvidia-smi -q -d ECC,ROW_REMAPPER: Fehler unter Volatile, die nach dem Neustart wieder zunehmen, sprechen für eine Karte, die ausfällt</translation>
    </message>
    <message>
        <source>python -c &quot;import torch; print(torch.cuda.device_count())&quot; in the same place shows how many cards the job sees</source>
        <translation>python -c &quot;import torch; print(torch.cuda.device_count())&quot; an derselben Stelle zeigt, wie viele Karten der Job sieht</translation>
    </message>
    <message>
        <source>shared weights</source>
        <translation>Gemeinsame Gewichte</translation>
    </message>
    <message>
        <source>torchrun --nproc-per-node NUMBER train.py, or accelerate launch --num_processes NUMBER train.py, with that number</source>
        <translation>torchrun --nproc-per-node NUMBER train.py, oder accelerate launch --num_processes NUMBER train.py, mit dieser Zahl</translation>
    </message>
    <message>
        <source>transformers&apos; Trainer with a model of your own: save_safetensors=False in the arguments</source>
        <translation>Der Trainer von transformers mit einem eigenen Modell: save_safetensors=False in den Argumenten</translation>
    </message>
    <message>
        <source>two ranks one card</source>
        <translation>Zwei Prozesse auf einer Karte</translation>
    </message>
    <message>
        <source>A Trainer of your own: dataset = dataset.map(lambda row: tokenizer(row[&quot;text&quot;], truncation=True), remove_columns=dataset.column_names) before it is given to the trainer</source>
        <translation>Ein eigener Trainer: dataset = dataset.map(lambda row: tokenizer(row[&quot;text&quot;], truncation=True), remove_columns=dataset.column_names), bevor der Trainer ihn bekommt</translation>
    </message>
    <message>
        <source>A collator of your own that works on other columns: remove_unused_columns=False in the training arguments, or they are taken away before it sees them</source>
        <translation>Ein eigener Collator, der mit anderen Spalten arbeitet: remove_unused_columns=False in den Argumenten des Trainings, sonst werden sie entfernt, bevor er sie sieht</translation>
    </message>
    <message>
        <source>A conda environment: pip uninstall pyarrow, then conda install -c conda-forge pyarrow libarrow</source>
        <translation>Eine conda-Umgebung: pip uninstall pyarrow, dann conda install -c conda-forge pyarrow libarrow</translation>
    </message>
    <message>
        <source>A copy of the model in a folder works without any connection: give its path as the model&apos;s name</source>
        <translation>Eine Kopie des Modells in einem Ordner geht ohne jede Verbindung: Geben Sie ihren Pfad als Namen des Modells an</translation>
    </message>
    <message>
        <source>A filter by length: the smallest length must lie below the largest, and both are counted in the same unit, words, characters or tokens</source>
        <translation>Ein Filter nach Länge: Die kleinste Länge muss unter der größten liegen, und beide werden in derselben Einheit gezählt, in Wörtern, Zeichen oder Token</translation>
    </message>
    <message>
        <source>A function for dataset.map(..., batched=True) returns one list a row, without one more pair of brackets around it</source>
        <translation>Eine Funktion für dataset.map(..., batched=True) gibt je Zeile eine Liste zurück, ohne ein weiteres Paar Klammern darum</translation>
    </message>
    <message>
        <source>A label&apos;s number lies outside of what the model can answer: labels count from 0, and num_labels must be at least the highest one plus one.</source>
        <translation>Die Nummer eines Labels liegt außerhalb dessen, was das Modell antworten kann: Labels zählen ab 0, und num_labels muss mindestens das höchste plus eins sein.</translation>
    </message>
    <message>
        <source>A model that was downloaded as -bnb-4bit: take the one without that ending</source>
        <translation>Ein Modell, das als -bnb-4bit geladen wurde: Nehmen Sie das ohne diese Endung</translation>
    </message>
    <message>
        <source>A name may stand for several sizes: 1.5B, 3B and 7B have layers of other widths</source>
        <translation>Ein Name kann für mehrere Größen stehen: 1.5B, 3B und 7B haben Schichten anderer Breite</translation>
    </message>
    <message>
        <source>A setup of this program has no C++ library of its own: it takes the system&apos;s</source>
        <translation>Eine Einrichtung dieses Programms hat keine eigene C++-Bibliothek: Sie nimmt die des Systems</translation>
    </message>
    <message>
        <source>A smaller model; the page Ready shows what fits on this card while you turn the knobs</source>
        <translation>Ein kleineres Modell; die Seite Bereit zeigt beim Verstellen, was auf diese Karte passt</translation>
    </message>
    <message>
        <source>A split: train_test_split of few rows can leave one side empty</source>
        <translation>Eine Aufteilung: train_test_split mit wenigen Zeilen kann eine Seite leer lassen</translation>
    </message>
    <message>
        <source>A stick or a network drive: copy once more, and eject the stick before you pull it out</source>
        <translation>Ein Stick oder Netzlaufwerk: Kopieren Sie noch einmal, und werfen Sie den Stick aus, bevor Sie ihn abziehen</translation>
    </message>
    <message>
        <source>A switch asks for a faster way of downloading whose package is not installed: take the switch away.</source>
        <translation>Ein Schalter verlangt eine schnellere Art des Ladens, deren Paket nicht installiert ist: Nehmen Sie den Schalter weg.</translation>
    </message>
    <message>
        <source>A token&apos;s number lies outside of the model&apos;s vocabulary: give the model room for the tokens that were added, or take its own tokenizer.</source>
        <translation>Die Nummer eines Tokens liegt außerhalb des Vokabulars des Modells: Geben Sie dem Modell Platz für die hinzugefügten Token, oder nehmen Sie seinen eigenen Tokenizer.</translation>
    </message>
    <message>
        <source>After tokenizer.add_tokens(...): model.resize_token_embeddings(len(tokenizer)), before the adapter is made</source>
        <translation>Nach tokenizer.add_tokens(...): model.resize_token_embeddings(len(tokenizer)), bevor der Adapter angelegt wird</translation>
    </message>
    <message>
        <source>Again and again with one file alone: set HF_HUB_DISABLE_XET to 1 (notebook, first cell: import os; os.environ[&quot;HF_HUB_DISABLE_XET&quot;] = &quot;1&quot;)</source>
        <translation>Immer wieder, bei einer Datei allein: Setzen Sie HF_HUB_DISABLE_XET auf 1 (Notebook, erste Zelle: import os; os.environ[&quot;HF_HUB_DISABLE_XET&quot;] = &quot;1&quot;)</translation>
    </message>
    <message>
        <source>An adapter cannot be taken over to another model: train it there again</source>
        <translation>Ein Adapter lässt sich nicht auf ein anderes Modell übertragen: Trainieren Sie ihn dort neu</translation>
    </message>
    <message>
        <source>An adapter of rank 24 runs with --max-lora-rank 32</source>
        <translation>Ein Adapter mit Rang 24 läuft mit --max-lora-rank 32</translation>
    </message>
    <message>
        <source>An environment of this program has no parts of conda in it</source>
        <translation>Eine Umgebung dieses Programms enthält keine Teile von conda</translation>
    </message>
    <message>
        <source>Another training, or one that did not end, holds the port: end it, or give this one another port.</source>
        <translation>Ein anderes Training, oder eines, das nicht zu Ende kam, hält den Port: Beenden Sie es, oder geben Sie diesem einen anderen Port.</translation>
    </message>
    <message>
        <source>Behind a VPN leave it for a moment, or build with --network host</source>
        <translation>Hinter einem VPN: Verlassen Sie es für einen Augenblick, oder bauen Sie mit --network host</translation>
    </message>
    <message>
        <source>Close WSL with wsl --shutdown in PowerShell, and leave a VPN for a moment; then open it again</source>
        <translation>Schließen Sie WSL mit wsl --shutdown in PowerShell, und verlassen Sie ein VPN für einen Augenblick; öffnen Sie WSL dann wieder</translation>
    </message>
    <message>
        <source>Close other programs that use the card; nvidia-smi lists them</source>
        <translation>Schließen Sie andere Programme, die die Karte benutzen; nvidia-smi nennt sie</translation>
    </message>
    <message>
        <source>Compare NCCL_SOCKET_IFNAME with the names that ip -br address shows.</source>
        <translation>Vergleichen Sie NCCL_SOCKET_IFNAME mit den Namen, die ip -br address zeigt.</translation>
    </message>
    <message>
        <source>Compare how long the job ran with the time that it was given.</source>
        <translation>Vergleichen Sie, wie lange der Job lief, mit der Zeit, die er bekommen hat.</translation>
    </message>
    <message>
        <source>Compare its size with the one on the page that it came from: a smaller one was not copied to its end</source>
        <translation>Vergleichen Sie ihre Größe mit der auf der Seite, von der sie stammt: Eine kleinere wurde nicht bis zum Ende kopiert</translation>
    </message>
    <message>
        <source>Count the cards that nvidia-smi -L shows inside the job, and the processes that were started.</source>
        <translation>Zählen Sie die Karten, die nvidia-smi -L im Job zeigt, und die gestarteten Prozesse.</translation>
    </message>
    <message>
        <source>Do so only for checkpoints that you made yourself</source>
        <translation>Tun Sie das nur bei Checkpoints, die Sie selbst gemacht haben</translation>
    </message>
    <message>
        <source>Docker Desktop: Settings, Docker Engine, add &quot;dns&quot;: [&quot;ADDRESS&quot;], then restart it</source>
        <translation>Docker Desktop: Settings, Docker Engine, &quot;dns&quot;: [&quot;ADDRESS&quot;] hinzufügen, dann neu starten</translation>
    </message>
    <message>
        <source>Easiest: trl&apos;s SFTTrainer with a column text or messages; it makes the tokens itself (dataset_text_field = &quot;text&quot;)</source>
        <translation>Am einfachsten: SFTTrainer von trl mit einer Spalte text oder messages; er macht die Token selbst (dataset_text_field = &quot;text&quot;)</translation>
    </message>
    <message>
        <source>Editor of Windows: Save as, encoding UTF-8</source>
        <translation>Editor von Windows: Speichern unter, Codierung UTF-8</translation>
    </message>
    <message>
        <source>Excel: Save as, CSV UTF-8</source>
        <translation>Excel: Speichern unter, CSV UTF-8</translation>
    </message>
    <message>
        <source>Halve max_seq_length, and use_gradient_checkpointing = &quot;unsloth&quot; in get_peft_model</source>
        <translation>Halbieren Sie max_seq_length, und setzen Sie use_gradient_checkpointing = &quot;unsloth&quot; in get_peft_model</translation>
    </message>
    <message>
        <source>If names still fail: write [network] and, on the next line, generateResolvConf = false into /etc/wsl.conf, close WSL, then write nameserver and the address of a name server of your network into /etc/resolv.conf</source>
        <translation>Wenn Namen weiter nicht gefunden werden: Schreiben Sie [network] und in die nächste Zeile generateResolvConf = false in /etc/wsl.conf, schließen Sie WSL, und schreiben Sie dann nameserver und die Adresse eines Nameservers Ihres Netzes in /etc/resolv.conf</translation>
    </message>
    <message>
        <source>In the activated environment: conda install -c conda-forge &quot;libstdcxx-ng&gt;=13&quot;</source>
        <translation>In der aktivierten Umgebung: conda install -c conda-forge &quot;libstdcxx-ng&gt;=13&quot;</translation>
    </message>
    <message>
        <source>In the terminal that this program opens: hf auth login (older: huggingface-cli login)</source>
        <translation>Im Terminal, das dieses Programm öffnet: hf auth login (älter: huggingface-cli login)</translation>
    </message>
    <message>
        <source>In the terminal that this program opens: uv pip install --reinstall pyarrow</source>
        <translation>Im Terminal, das dieses Programm öffnet: uv pip install --reinstall pyarrow</translation>
    </message>
    <message>
        <source>In the terminal that this program opens: uv pip install ipykernel</source>
        <translation>Im Terminal, das dieses Programm öffnet: uv pip install ipykernel</translation>
    </message>
    <message>
        <source>Is the same program already running in the background, or in another window?</source>
        <translation>Läuft dasselbe Programm schon im Hintergrund oder in einem anderen Fenster?</translation>
    </message>
    <message>
        <source>Its name stands as base_model_name_or_path in adapter_config.json in the adapter&apos;s folder</source>
        <translation>Sein Name steht als base_model_name_or_path in adapter_config.json im Ordner des Adapters</translation>
    </message>
    <message>
        <source>Linux and WSL: does dmesg or journalctl -k name an out-of-memory kill at that time? Windows: look at the memory in the Task Manager while it runs.</source>
        <translation>Linux und WSL: Nennt dmesg oder journalctl -k zu dieser Zeit ein Beenden wegen Speichermangels (out-of-memory kill)? Windows: Sehen Sie sich während des Laufs den Speicher im Task-Manager an.</translation>
    </message>
    <message>
        <source>Linux: run the install script of https://ollama.com/download/linux again; a container: docker pull ollama/ollama</source>
        <translation>Linux: Führen Sie das Installationsskript von https://ollama.com/download/linux noch einmal aus; ein Container: docker pull ollama/ollama</translation>
    </message>
    <message>
        <source>Linux: sudo systemctl stop ollama ends the one in the background</source>
        <translation>Linux: sudo systemctl stop ollama beendet das im Hintergrund</translation>
    </message>
    <message>
        <source>Log in on this computer: this action needs a token.</source>
        <translation>Melden Sie sich auf diesem Computer an: Dieser Schritt braucht ein Token.</translation>
    </message>
    <message>
        <source>Look for it in the script, in .bashrc or the system&apos;s environment variables</source>
        <translation>Suchen Sie die Variable im Skript, in .bashrc oder in den Umgebungsvariablen des Systems</translation>
    </message>
    <message>
        <source>Look how much room the drive has, and whether another program holds the file.</source>
        <translation>Sehen Sie nach, wie viel Platz das Laufwerk hat und ob ein anderes Programm die Datei belegt.</translation>
    </message>
    <message>
        <source>Look whether it answers: open http://127.0.0.1:11434 in the browser</source>
        <translation>Sehen Sie nach, ob es antwortet: Öffnen Sie http://127.0.0.1:11434 im Browser</translation>
    </message>
    <message>
        <source>Look whether the folder was written, how large it is, and how much memory and disk are free.</source>
        <translation>Sehen Sie nach, ob der Ordner geschrieben wurde, wie groß er ist und wie viel Speicher und Plattenplatz frei sind.</translation>
    </message>
    <message>
        <source>Look whether the name is spelled right</source>
        <translation>Sehen Sie nach, ob der Name richtig geschrieben ist</translation>
    </message>
    <message>
        <source>Made by DKMS before: sudo mokutil --import /var/lib/shim-signed/mok/MOK.der (Debian and Fedora keep it in /var/lib/dkms/mok.pub), then restart and enrol it in the same way</source>
        <translation>Schon früher mit DKMS gebaut: sudo mokutil --import /var/lib/shim-signed/mok/MOK.der (Debian und Fedora haben den Schlüssel in /var/lib/dkms/mok.pub), dann neu starten und ihn ebenso eintragen</translation>
    </message>
    <message>
        <source>Make a token with the right to write for this account or organisation, and log in with it.</source>
        <translation>Machen Sie ein Token mit Schreibrecht für dieses Konto oder diese Organisation, und melden Sie sich damit an.</translation>
    </message>
    <message>
        <source>Names are not found inside the container: give the container program a name server that this network answers to.</source>
        <translation>Im Container werden Namen nicht gefunden: Geben Sie dem Container-Programm einen Nameserver, der aus diesem Netz erreichbar ist.</translation>
    </message>
    <message>
        <source>No row is left to train on: something before the training took all of them out.</source>
        <translation>Zum Trainieren ist keine Zeile übrig: Etwas vor dem Training hat alle herausgenommen.</translation>
    </message>
    <message>
        <source>Notebook, in the first cell after a restart: import os; os.environ[&quot;TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD&quot;] = &quot;1&quot;</source>
        <translation>Notebook, in der ersten Zelle nach einem Neustart: import os; os.environ[&quot;TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD&quot;] = &quot;1&quot;</translation>
    </message>
    <message>
        <source>Nothing of Ollama runs and it still comes: Windows may have set the port aside; restart, or set OLLAMA_HOST to 127.0.0.1:11500</source>
        <translation>Nichts von Ollama läuft, und es kommt trotzdem: Vielleicht hat Windows den Port reserviert; starten Sie neu, oder setzen Sie OLLAMA_HOST auf 127.0.0.1:11500</translation>
    </message>
    <message>
        <source>Nothing of the setup has to be changed</source>
        <translation>An der Einrichtung muss nichts geändert werden</translation>
    </message>
    <message>
        <source>Ollama already runs in the background: it need not be started. Use it as it is: ollama run NAME.</source>
        <translation>Ollama läuft schon im Hintergrund: Es muss nicht gestartet werden. Benutzen Sie es, wie es ist: ollama run NAME.</translation>
    </message>
    <message>
        <source>Open the address in a browser on this computer</source>
        <translation>Öffnen Sie die Adresse in einem Browser auf diesem Computer</translation>
    </message>
    <message>
        <source>Open the address that the log names in a browser on this computer.</source>
        <translation>Öffnen Sie die Adresse, die das Protokoll nennt, in einem Browser auf diesem Computer.</translation>
    </message>
    <message>
        <source>Open the model&apos;s page on huggingface.co: does the name exist, is it private, and does it ask for a licence?</source>
        <translation>Öffnen Sie die Seite des Modells auf huggingface.co: Gibt es den Namen, ist es privat, und verlangt es eine Lizenz?</translation>
    </message>
    <message>
        <source>Or add the package hf_transfer on the page Ready</source>
        <translation>Oder fügen Sie auf der Seite Bereit das Paket hf_transfer hinzu</translation>
    </message>
    <message>
        <source>Or let Unsloth do both: model.save_pretrained_gguf(&quot;model&quot;, tokenizer, quantization_method = &quot;q4_k_m&quot;)</source>
        <translation>Oder lassen Sie Unsloth beides tun: model.save_pretrained_gguf(&quot;model&quot;, tokenizer, quantization_method = &quot;q4_k_m&quot;)</translation>
    </message>
    <message>
        <source>Or let the system&apos;s come first, in the terminal in which the script is started: export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libstdc++.so.6 (if strings of that file show the version that is missing)</source>
        <translation>Oder lassen Sie die des Systems zuerst kommen, im Terminal, in dem das Skript gestartet wird: export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libstdc++.so.6 (wenn strings bei dieser Datei die fehlende Version zeigt)</translation>
    </message>
    <message>
        <source>Or let this program fetch the packages itself: it checks each file by its hash</source>
        <translation>Oder lassen Sie dieses Programm die Pakete selbst holen: Es prüft jede Datei an ihrer Prüfsumme</translation>
    </message>
    <message>
        <source>Or name your own account: YOURNAME/MODEL</source>
        <translation>Oder nennen Sie Ihr eigenes Konto: YOURNAME/MODEL</translation>
    </message>
    <message>
        <source>Or open the classic command prompt (cmd) and run .venv\Scripts\activate.bat</source>
        <translation>Oder öffnen Sie die klassische Eingabeaufforderung (cmd), und führen Sie .venv\Scripts\activate.bat aus</translation>
    </message>
    <message>
        <source>Or open the environment&apos;s terminal from this program, where nothing has to be switched on</source>
        <translation>Oder öffnen Sie das Terminal der Umgebung aus diesem Programm; dort muss nichts eingeschaltet werden</translation>
    </message>
    <message>
        <source>Or take a driver of the distribution that is already signed (Ubuntu: linux-modules-nvidia), or switch Secure Boot off in the firmware</source>
        <translation>Oder nehmen Sie einen Treiber der Distribution, der schon signiert ist (Ubuntu: linux-modules-nvidia), oder schalten Sie Secure Boot in der Firmware aus</translation>
    </message>
    <message>
        <source>Places that are not to be learned are -100, nothing else below 0</source>
        <translation>Stellen, die nicht gelernt werden sollen, sind -100, sonst ist nichts unter 0</translation>
    </message>
    <message>
        <source>PowerShell: Remove-Item Env:HF_ENDPOINT; Linux: unset HF_ENDPOINT; in a notebook take the line out and restart the kernel</source>
        <translation>PowerShell: Remove-Item Env:HF_ENDPOINT; Linux: unset HF_ENDPOINT; in einem Notebook die Zeile entfernen und den Kernel neu starten</translation>
    </message>
    <message>
        <source>PowerShell: Remove-Item Env:HF_HUB_ENABLE_HF_TRANSFER; Linux: unset HF_HUB_ENABLE_HF_TRANSFER; in a notebook set os.environ[&quot;HF_HUB_ENABLE_HF_TRANSFER&quot;] = &quot;0&quot; before any import</source>
        <translation>PowerShell: Remove-Item Env:HF_HUB_ENABLE_HF_TRANSFER; Linux: unset HF_HUB_ENABLE_HF_TRANSFER; in einem Notebook vor jedem Import os.environ[&quot;HF_HUB_ENABLE_HF_TRANSFER&quot;] = &quot;0&quot; setzen</translation>
    </message>
    <message>
        <source>Print one row of the data: is it what the script expects?</source>
        <translation>Geben Sie eine Zeile der Daten aus: Ist sie das, was das Skript erwartet?</translation>
    </message>
    <message>
        <source>Print one row of the prepared data and look how a question and an answer begin in it</source>
        <translation>Geben Sie eine Zeile der aufbereiteten Daten aus, und sehen Sie nach, wie eine Frage und eine Antwort darin beginnen</translation>
    </message>
    <message>
        <source>Read the first error in the log, not the last: later ones often follow from it.</source>
        <translation>Lesen Sie im Protokoll den ersten Fehler, nicht den letzten: Spätere folgen oft aus ihm.</translation>
    </message>
    <message>
        <source>Read the last lines of your own script in the traceback: which call was it, and with what?</source>
        <translation>Lesen Sie im Traceback die letzten Zeilen Ihres eigenen Skripts: Welcher Aufruf war es, und womit?</translation>
    </message>
    <message>
        <source>Restart Python before the next try: after this fault the card answers nothing more</source>
        <translation>Starten Sie Python vor dem nächsten Versuch neu: Nach diesem Fehler antwortet die Karte nicht mehr</translation>
    </message>
    <message>
        <source>Rows of different length, or lists within lists, cannot be put into one batch: cut and fill them up to one length, and leave out columns of text.</source>
        <translation>Zeilen verschiedener Länge, oder Listen in Listen, lassen sich nicht in einen Batch legen: Kürzen und füllen Sie sie auf eine Länge, und lassen Sie Textspalten weg.</translation>
    </message>
    <message>
        <source>Rows that are longer than max_seq_length lose their answers: raise it</source>
        <translation>Zeilen, die länger als max_seq_length sind, verlieren ihre Antworten: Erhöhen Sie es</translation>
    </message>
    <message>
        <source>Run nvidia-smi: does it list the card, and which driver does it name?</source>
        <translation>Führen Sie nvidia-smi aus: Listet es die Karte auf, und welchen Treiber nennt es?</translation>
    </message>
    <message>
        <source>Run nvidia-smi: does it list the card, and which programs use it?</source>
        <translation>Führen Sie nvidia-smi aus: Listet es die Karte auf, und welche Programme benutzen sie?</translation>
    </message>
    <message>
        <source>Run once with the variable CUDA_LAUNCH_BLOCKING set to 1: the message then names the true place. A token number outside of the vocabulary is the usual reason.</source>
        <translation>Lassen Sie es einmal mit der Variable CUDA_LAUNCH_BLOCKING auf 1 laufen: Die Meldung nennt dann die wahre Stelle. Meist ist der Grund eine Tokennummer außerhalb des Vokabulars.</translation>
    </message>
    <message>
        <source>Run python -c &quot;import sys; print(sys.version, sys.executable)&quot;: is it the Python of the environment?</source>
        <translation>Führen Sie python -c &quot;import sys; print(sys.version, sys.executable)&quot; aus: Ist es das Python der Umgebung?</translation>
    </message>
    <message>
        <source>Run python -c &quot;import torch; print(torch.__version__, torch.version.cuda)&quot; in the environment.</source>
        <translation>Führen Sie in der Umgebung python -c &quot;import torch; print(torch.__version__, torch.version.cuda)&quot; aus.</translation>
    </message>
    <message>
        <source>Run python -c &quot;import triton; print(triton.__version__)&quot; in the environment.</source>
        <translation>Führen Sie in der Umgebung python -c &quot;import triton; print(triton.__version__)&quot; aus.</translation>
    </message>
    <message>
        <source>Run python -m bitsandbytes in the environment: which library does it load?</source>
        <translation>Führen Sie in der Umgebung python -m bitsandbytes aus: Welche Bibliothek lädt es?</translation>
    </message>
    <message>
        <source>Run python -m xformers.info in the environment: which torch was it built for?</source>
        <translation>Führen Sie in der Umgebung python -m xformers.info aus: Für welches torch wurde es gebaut?</translation>
    </message>
    <message>
        <source>Start Python by its own path: .venv\Scripts\python.exe train.py</source>
        <translation>Starten Sie Python mit seinem eigenen Pfad: .venv\Scripts\python.exe train.py</translation>
    </message>
    <message>
        <source>Take a smaller quantisation of the model (q4_k_m), or close other programs.</source>
        <translation>Nehmen Sie eine kleinere Quantisierung des Modells (q4_k_m), oder schließen Sie andere Programme.</translation>
    </message>
    <message>
        <source>Take model and tokenizer from the same name</source>
        <translation>Nehmen Sie Modell und Tokenizer vom selben Namen</translation>
    </message>
    <message>
        <source>The Hub answered with a fault of its own: look whether it has a disturbance, and try again later.</source>
        <translation>Der Hub antwortete mit einem eigenen Fehler: Sehen Sie nach, ob er eine Störung hat, und versuchen Sie es später noch einmal.</translation>
    </message>
    <message>
        <source>The conda environment&apos;s C++ library is too old: renew it there, or work in a setup of this program, which takes the system&apos;s.</source>
        <translation>Die C++-Bibliothek der conda-Umgebung ist zu alt: Erneuern Sie sie dort, oder arbeiten Sie in einer Einrichtung dieses Programms, die die des Systems nimmt.</translation>
    </message>
    <message>
        <source>The driver is installed, but Secure Boot does not let it start: its module is not signed with a key that this computer trusts.</source>
        <translation>Der Treiber ist installiert, aber Secure Boot lässt ihn nicht starten: Sein Modul ist nicht mit einem Schlüssel signiert, dem dieser Computer vertraut.</translation>
    </message>
    <message>
        <source>The environment has no notebook kernel yet: add the package ipykernel on the page Ready, then choose the environment as kernel again.</source>
        <translation>Die Umgebung hat noch keinen Notebook-Kernel: Fügen Sie auf der Seite Bereit das Paket ipykernel hinzu, und wählen Sie die Umgebung dann noch einmal als Kernel.</translation>
    </message>
    <message>
        <source>The file begins with a mark of Windows (BOM): open it with encoding=&quot;utf-8-sig&quot;, or save it as UTF-8 without BOM.</source>
        <translation>Die Datei beginnt mit einer Kennung von Windows (BOM): Öffnen Sie sie mit encoding=&quot;utf-8-sig&quot;, oder speichern Sie sie als UTF-8 ohne BOM.</translation>
    </message>
    <message>
        <source>The file in the folder that you named is damaged: get that file again from where it came from, and put it in the place of the old one.</source>
        <translation>Die Datei in dem Ordner, den Sie genannt haben, ist beschädigt: Holen Sie sie noch einmal von dort, woher sie kam, und legen Sie sie an die Stelle der alten.</translation>
    </message>
    <message>
        <source>The file is not written in UTF-8: save it as UTF-8, or name its encoding.</source>
        <translation>Die Datei ist nicht in UTF-8 geschrieben: Speichern Sie sie als UTF-8, oder nennen Sie ihre Kodierung.</translation>
    </message>
    <message>
        <source>The markers that were given to train_on_responses_only do not stand in the data: give those of this model&apos;s chat template.</source>
        <translation>Die Markierungen, die train_on_responses_only bekommen hat, stehen nicht in den Daten: Geben Sie die der Chatvorlage dieses Modells an.</translation>
    </message>
    <message>
        <source>The message names those that this vLLM takes, for example 8, 16, 32, 64, 128, 256</source>
        <translation>Die Meldung nennt die, die dieses vLLM nimmt, zum Beispiel 8, 16, 32, 64, 128, 256</translation>
    </message>
    <message>
        <source>The mirror that is set in HF_ENDPOINT does not answer: take the variable away, or name one that works.</source>
        <translation>Der Spiegel, der in HF_ENDPOINT steht, antwortet nicht: Nehmen Sie die Variable weg, oder nennen Sie einen, der geht.</translation>
    </message>
    <message>
        <source>The model is in 4 bit already: ask for less beside it.</source>
        <translation>Das Modell ist schon in 4 Bit: Verlangen Sie daneben weniger.</translation>
    </message>
    <message>
        <source>The name server that this WSL got from Windows does not answer: restart WSL, and if that does not help, give it another one.</source>
        <translation>Der Nameserver, den dieses WSL von Windows bekommen hat, antwortet nicht: Starten Sie WSL neu, und geben Sie ihm einen anderen, wenn das nicht hilft.</translation>
    </message>
    <message>
        <source>The name was asked for again and again and never found: mend the connection or the name first.</source>
        <translation>Der Name wurde immer wieder gesucht und nie gefunden: Bringen Sie zuerst die Verbindung oder den Namen in Ordnung.</translation>
    </message>
    <message>
        <source>The newest one does not know it either: take another model, or llama.cpp, which learns new ones first</source>
        <translation>Auch das neueste kennt es nicht: Nehmen Sie ein anderes Modell, oder llama.cpp, das neue zuerst lernt</translation>
    </message>
    <message>
        <source>The package pyarrow is not whole: parts of it came from conda and parts from pip. Take it out and install it again, from one of the two.</source>
        <translation>Das Paket pyarrow ist nicht heil: Teile kamen von conda und Teile von pip. Entfernen Sie es, und installieren Sie es neu, von einem der beiden.</translation>
    </message>
    <message>
        <source>The policy is set by whoever looks after this computer, and your own setting does not count: use the environment without a script.</source>
        <translation>Die Richtlinie kommt von dem, der diesen Computer verwaltet, und Ihre eigene Einstellung zählt nicht: Benutzen Sie die Umgebung ohne Skript.</translation>
    </message>
    <message>
        <source>The rank is the same and the layers are not: load the base model that the adapter was trained on.</source>
        <translation>Der Rang ist derselbe, die Schichten sind es nicht: Laden Sie das Basismodell, mit dem der Adapter trainiert wurde.</translation>
    </message>
    <message>
        <source>The training got rows without tokens: turn the texts into tokens first, or let SFTTrainer do it.</source>
        <translation>Das Training bekam Zeilen ohne Token: Zerlegen Sie die Texte zuerst in Token, oder lassen Sie SFTTrainer das tun.</translation>
    </message>
    <message>
        <source>This folder holds weights that are packed in 4 bit, and the converter wants them in 16 bit: merge the adapter into 16 bit first, and convert that folder.</source>
        <translation>Dieser Ordner enthält Gewichte, die in 4 Bit gepackt sind, und der Umwandler will sie in 16 Bit: Führen Sie zuerst den Adapter in 16 Bit mit dem Modell zusammen, und wandeln Sie jenen Ordner um.</translation>
    </message>
    <message>
        <source>This program&apos;s training saves as it goes and goes on from the last checkpoint: unsloth-setup train --resume</source>
        <translation>Das Training dieses Programms speichert unterwegs und macht vom letzten Checkpoint aus weiter: unsloth-setup train --resume</translation>
    </message>
    <message>
        <source>Ubuntu: sudo apt install --reinstall the package nvidia-dkms of your driver, give a password when it asks; restart, choose Enroll MOK in the blue window, and type that password</source>
        <translation>Ubuntu: sudo apt install --reinstall mit dem Paket nvidia-dkms Ihres Treibers, auf Nachfrage ein Passwort vergeben; neu starten, im blauen Fenster Enroll MOK wählen und dieses Passwort eingeben</translation>
    </message>
    <message>
        <source>Update Ollama: this one was released before the model&apos;s kind. The GGUF file is whole, and nothing of the setup has to be changed.</source>
        <translation>Aktualisieren Sie Ollama: Dieses ist vor der Art des Modells erschienen. Die GGUF-Datei ist heil, und an der Einrichtung muss nichts geändert werden.</translation>
    </message>
    <message>
        <source>Update the program that reads the GGUF file (llama.cpp, LM Studio and others): this one was released before the model&apos;s kind.</source>
        <translation>Aktualisieren Sie das Programm, das die GGUF-Datei liest (llama.cpp, LM Studio und andere): Dieses ist vor der Art des Modells erschienen.</translation>
    </message>
    <message>
        <source>VS Code: Select Kernel, Python Environments, the environment of this program</source>
        <translation>VS Code: Select Kernel, Python Environments, die Umgebung dieses Programms</translation>
    </message>
    <message>
        <source>Verify the environment on the page Verify: do the installed versions fit the setup?</source>
        <translation>Prüfen Sie die Umgebung auf der Seite Prüfung: Passen die installierten Versionen zur Einrichtung?</translation>
    </message>
    <message>
        <source>What was fetched until then stays in the cache; the next try goes on from there</source>
        <translation>Was bis dahin geladen wurde, bleibt im Cache; der nächste Versuch macht von dort aus weiter</translation>
    </message>
    <message>
        <source>Where only rng_state fails: move the files rng_state*.pth out of the checkpoint; training goes on from the same step, with another order of chance</source>
        <translation>Wenn nur rng_state scheitert: Verschieben Sie die Dateien rng_state*.pth aus dem Checkpoint; das Training geht vom selben Schritt aus weiter, mit einer anderen Zufallsfolge</translation>
    </message>
    <message>
        <source>Which cards does nvidia-smi list, and does the script name one (CUDA_VISIBLE_DEVICES, device_map)?</source>
        <translation>Welche Karten listet nvidia-smi auf, und nennt das Skript eine (CUDA_VISIBLE_DEVICES, device_map)?</translation>
    </message>
    <message>
        <source>Windows itself must know the name: open the address in a browser there</source>
        <translation>Windows selbst muss den Namen kennen: Öffnen Sie die Adresse dort in einem Browser</translation>
    </message>
    <message>
        <source>Windows, in PowerShell or the terminal that this program opens: $env:TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD = &quot;1&quot;, then start the script there; Linux: TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1 python train.py</source>
        <translation>Windows, in PowerShell oder im Terminal, das dieses Programm öffnet: $env:TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD = &quot;1&quot;, dann dort das Skript starten; Linux: TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1 python train.py</translation>
    </message>
    <message>
        <source>Windows: choose Restart to update at Ollama&apos;s symbol beside the clock, or install the newest one from https://ollama.com/download over the old one</source>
        <translation>Windows: Wählen Sie Restart to update am Symbol von Ollama neben der Uhr, oder installieren Sie das neueste von https://ollama.com/download über das alte</translation>
    </message>
    <message>
        <source>Windows: to start it with other settings, choose Quit Ollama at its symbol beside the clock first</source>
        <translation>Windows: Um es mit anderen Einstellungen zu starten, wählen Sie zuerst Quit Ollama an seinem Symbol neben der Uhr</translation>
    </message>
    <message>
        <source>With Unsloth: from unsloth import add_new_tokens; add_new_tokens(model, tokenizer, new_tokens = [...]), before get_peft_model</source>
        <translation>Mit Unsloth: from unsloth import add_new_tokens; add_new_tokens(model, tokenizer, new_tokens = [...]), vor get_peft_model</translation>
    </message>
    <message>
        <source>Your own checkpoint may be loaded in the old way: set the variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD to 1 and go on.</source>
        <translation>Ihr eigener Checkpoint darf auf die alte Art geladen werden: Setzen Sie die Variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD auf 1, und machen Sie weiter.</translation>
    </message>
    <message>
        <source>df -h /dev/shm shows its size and how much of it is left.</source>
        <translation>df -h /dev/shm zeigt seine Größe und wie viel davon frei ist.</translation>
    </message>
    <message>
        <source>https://status.huggingface.co tells disturbances</source>
        <translation>https://status.huggingface.co meldet Störungen</translation>
    </message>
    <message>
        <source>huggingface.co, Settings, Access Tokens: a fine-grained token needs &quot;Write access&quot; to the repositories of that name</source>
        <translation>huggingface.co, Settings, Access Tokens: Ein Token der Art fine-grained braucht „Write access“ auf die Repositorys dieses Namens</translation>
    </message>
    <message>
        <source>huggingface.co, Settings, Access Tokens: make one that may read (or write, to upload)</source>
        <translation>huggingface.co, Settings, Access Tokens: Machen Sie eines, das lesen darf (oder schreiben, zum Hochladen)</translation>
    </message>
    <message>
        <source>instruction_part and response_part must be written exactly so, with line breaks</source>
        <translation>instruction_part und response_part müssen genau so geschrieben sein, mit Zeilenumbrüchen</translation>
    </message>
    <message>
        <source>llama-cpp-python: a newer release of the package</source>
        <translation>llama-cpp-python: eine neuere Ausgabe des Pakets</translation>
    </message>
    <message>
        <source>llama.cpp: take the newest ready programs from its releases, or git pull and build again</source>
        <translation>llama.cpp: Nehmen Sie die neuesten fertigen Programme aus seinen Ausgaben, oder git pull und neu bauen</translation>
    </message>
    <message>
        <source>load_dataset(&quot;csv&quot;, data_files=FILE, encoding=&quot;cp1252&quot;) for files of Excel</source>
        <translation>load_dataset(&quot;csv&quot;, data_files=FILE, encoding=&quot;cp1252&quot;) für Dateien von Excel</translation>
    </message>
    <message>
        <source>model.save_pretrained_merged(&quot;merged&quot;, tokenizer, save_method = &quot;merged_16bit&quot;), then convert the folder merged</source>
        <translation>model.save_pretrained_merged(&quot;merged&quot;, tokenizer, save_method = &quot;merged_16bit&quot;), dann den Ordner merged umwandeln</translation>
    </message>
    <message>
        <source>nvidia-smi -q -d ECC,ROW_REMAPPER shows the errors that the card has counted.</source>
        <translation>nvidia-smi -q -d ECC,ROW_REMAPPER zeigt die Fehler, die die Karte gezählt hat.</translation>
    </message>
    <message>
        <source>nvidia-smi shows whether a Python of an earlier run is still there; end it by its number</source>
        <translation>nvidia-smi zeigt, ob ein Python von einem früheren Lauf noch da ist; beenden Sie es über seine Nummer</translation>
    </message>
    <message>
        <source>ollama -v shows the version; ollama run NAME once more afterwards</source>
        <translation>ollama -v zeigt die Version; danach noch einmal ollama run NAME</translation>
    </message>
    <message>
        <source>ollama ps lists models that are still loaded; ollama stop NAME frees their memory</source>
        <translation>ollama ps nennt Modelle, die noch geladen sind; ollama stop NAME gibt ihren Speicher frei</translation>
    </message>
    <message>
        <source>per_device_train_batch_size = 1; gradient_accumulation_steps keeps the sum the same and costs no memory</source>
        <translation>per_device_train_batch_size = 1; gradient_accumulation_steps hält die Summe gleich und kostet keinen Speicher</translation>
    </message>
    <message>
        <source>print(dataset[0]) must show input_ids; print(len(dataset)) must not be 0</source>
        <translation>print(dataset[0]) muss input_ids zeigen; print(len(dataset)) darf nicht 0 sein</translation>
    </message>
    <message>
        <source>print(dataset[0]) shows each column: input_ids, attention_mask and labels are lists of whole numbers, not lists of lists; text columns go with dataset.remove_columns([...])</source>
        <translation>print(dataset[0]) zeigt jede Spalte: input_ids, attention_mask und labels sind Listen ganzer Zahlen, keine Listen von Listen; Textspalten entfernt dataset.remove_columns([...])</translation>
    </message>
    <message>
        <source>print(len(dataset)) after loading and after each filter and map shows which step leaves none</source>
        <translation>print(len(dataset)) nach dem Laden und nach jedem filter und map zeigt, welcher Schritt keine übrig lässt</translation>
    </message>
    <message>
        <source>print(set(dataset[&quot;label&quot;])) shows which labels the data has</source>
        <translation>print(set(dataset[&quot;label&quot;])) zeigt, welche Labels die Daten haben</translation>
    </message>
    <message>
        <source>tokenizer(text, truncation=True, max_length=2048), and a collator that fills up, such as DataCollatorForSeq2Seq(tokenizer)</source>
        <translation>tokenizer(text, truncation=True, max_length=2048), und ein Collator, der auffüllt, etwa DataCollatorForSeq2Seq(tokenizer)</translation>
    </message>
    <message>
        <source>torchrun --master-port 29501 train.py; accelerate launch --main_process_port 29501 train.py</source>
        <translation>torchrun --master-port 29501 train.py; accelerate launch --main_process_port 29501 train.py</translation>
    </message>
    <message>
        <source>train_on_responses_only and filters for roles drop each row whose markers they do not find</source>
        <translation>train_on_responses_only und Filter nach Rollen lassen jede Zeile weg, deren Markierungen sie nicht finden</translation>
    </message>
    <message>
        <source>vLLM takes only certain highest ranks: give the next one above the adapter&apos;s rank.</source>
        <translation>vLLM nimmt nur bestimmte höchste Ränge: Geben Sie den nächsten über dem Rang des Adapters an.</translation>
    </message>
</context>
<context>
    <name>Diagnosis</name>
    <message>
        <source>&amp;Apply the fix</source>
        <translation>&amp;Abhilfe anwenden</translation>
    </message>
    <message>
        <source>What went wrong: {title}</source>
        <translation>Was schiefging: {title}</translation>
    </message>
    <message>
        <source>What proves it</source>
        <translation>Was es belegt</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>Was zu tun ist</translation>
    </message>
    <message>
        <source>Also possible: {causes}</source>
        <translation>Auch möglich: {causes}</translation>
    </message>
    <message>
        <source>The lines that prove it</source>
        <translation>Die Zeilen, die es belegen</translation>
    </message>
    <message>
        <source>Copy the steps</source>
        <translation>Schritte kopieren</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>Build it &amp;again</source>
        <translation>Neu auf&amp;bauen</translation>
    </message>
    <message>
        <source>&amp;Fetch the files again</source>
        <translation>Dateien noch einmal &amp;laden</translation>
    </message>
    <message>
        <source>&amp;Use the system&apos;s certificates</source>
        <translation>Zertifikate des &amp;Systems benutzen</translation>
    </message>
    <message>
        <source>Clear the cac&amp;he, try again</source>
        <translation>&amp;Speicher leeren, wiederholen</translation>
    </message>
    <message>
        <source>Take another set&amp;up</source>
        <translation>Andere Einrichtung neh&amp;men</translation>
    </message>
    <message>
        <source>Try this &amp;step again</source>
        <translation>Sch&amp;ritt wiederholen</translation>
    </message>
    <message>
        <source>Build &amp;again without compiling</source>
        <translation>Neu auf&amp;bauen, ohne Kompilieren</translation>
    </message>
    <message>
        <source>Build &amp;again without CC</source>
        <translation>Neu auf&amp;bauen, ohne CC</translation>
    </message>
    <message>
        <source>The log does not say why</source>
        <translation>Das Protokoll sagt nicht, warum</translation>
    </message>
    <message>
        <source>What speaks for it</source>
        <translation>Was dafür spricht</translation>
    </message>
    <message>
        <source>The last lines</source>
        <translation>Die letzten Zeilen</translation>
    </message>
    <message>
        <source>likely</source>
        <translation>wahrscheinlich</translation>
    </message>
    <message>
        <source>Likely, not certain: the log fits this cause best.</source>
        <translation>Wahrscheinlich, nicht sicher: Zu dieser Ursache passt das Protokoll am besten.</translation>
    </message>
    <message>
        <source>What it may be</source>
        <translation>Was es sein kann</translation>
    </message>
    <message>
        <source>Copy for an &amp;issue</source>
        <translation>Für einen &amp;Fehlerbericht kopieren</translation>
    </message>
    <message>
        <source>Source: {source}</source>
        <translation>Quelle: {source}</translation>
    </message>
</context>
<context>
    <name>Faults</name>
    <message>
        <source>A fault in this program</source>
        <translation>Ein Fehler in diesem Programm</translation>
    </message>
    <message>
        <source>Something happened that the program does not know. Nothing of yours was changed by it. The crash report lies at {path}; the diagnostics report takes it along.</source>
        <translation>Etwas ist geschehen, das das Programm nicht kennt. An Ihren Daten wurde dadurch nichts geändert. Der Absturzbericht liegt unter {path}; der Diagnosebericht nimmt ihn mit.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Something happened that the program does not know. Nothing of yours was changed by it.</source>
        <translation>Es ist etwas geschehen, das das Programm nicht kennt. An Ihren Daten wurde dadurch nichts geändert.</translation>
    </message>
</context>
<context>
    <name>Findings</name>
    <message>
        <source>Seen</source>
        <translation>Gesehen</translation>
    </message>
    <message>
        <source>What it means</source>
        <translation>Was es bedeutet</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>Was zu tun ist</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>What this means</source>
        <translation>Was das bedeutet</translation>
    </message>
    <message>
        <source>Nothing stands in the way and nothing needs a note.</source>
        <translation>Nichts steht im Weg, und nichts ist anzumerken.</translation>
    </message>
    <message>
        <source>In the way</source>
        <translation>Im Weg</translation>
    </message>
    <message>
        <source>Take note</source>
        <translation>Zu beachten</translation>
    </message>
    <message>
        <source>Good to know</source>
        <translation>Gut zu wissen</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>1 thing in the way</source>
        <translation>1 Hindernis</translation>
    </message>
    <message>
        <source>{n} things in the way</source>
        <translation>{n} Hindernisse</translation>
    </message>
    <message>
        <source>nothing in the way</source>
        <translation>nichts im Weg</translation>
    </message>
    <message>
        <source>1 note, nothing in the way</source>
        <translation>1 Hinweis, nichts im Weg</translation>
    </message>
    <message>
        <source>{n} notes, nothing in the way</source>
        <translation>{n} Hinweise, nichts im Weg</translation>
    </message>
</context>
<context>
    <name>Home</name>
    <message>
        <source>&amp;Look at this PC</source>
        <translation>Diesen PC &amp;ansehen</translation>
    </message>
    <message>
        <source>Looking …</source>
        <translation>Wird angesehen …</translation>
    </message>
    <message>
        <source>Looking at what is installed.</source>
        <translation>Was installiert ist, wird angesehen.</translation>
    </message>
    <message>
        <source>Last proven</source>
        <translation>Zuletzt geprüft</translation>
    </message>
    <message>
        <source>Changed since</source>
        <translation>Seitdem geändert</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>1 difference</source>
        <translation>1 Abweichung</translation>
    </message>
    <message>
        <source>{n} differences</source>
        <translation>{n} Abweichungen</translation>
    </message>
    <message>
        <source>There is no earlier setup to go back to.</source>
        <translation>Es gibt keine frühere Einrichtung zum Zurückkehren.</translation>
    </message>
    <message>
        <source>Version {version} of this program was announced: {page}</source>
        <translation>Version {version} dieses Programms wurde angekündigt: {page}</translation>
    </message>
    <message>
        <source>and {n} more changes</source>
        <translation>und {n} weitere Änderungen</translation>
    </message>
    <message>
        <source>&amp;Mend it</source>
        <translation>&amp;Reparieren</translation>
    </message>
    <message>
        <source>&amp;Put the locked state back</source>
        <translation>Festgeschriebenen S&amp;tand wiederherstellen</translation>
    </message>
    <message>
        <source>&amp;Verify</source>
        <translation>&amp;Prüfen</translation>
    </message>
    <message>
        <source>Train on &amp;your data</source>
        <translation>M&amp;it eigenen Daten trainieren</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>Benutzen</translation>
    </message>
    <message>
        <source>Training &amp;script</source>
        <translation>Trainings&amp;skript</translation>
    </message>
    <message>
        <source>Open &amp;terminal</source>
        <translation>&amp;Terminal öffnen</translation>
    </message>
    <message>
        <source>Open the &amp;folder</source>
        <translation>&amp;Ordner öffnen</translation>
    </message>
    <message>
        <source>Open {program}</source>
        <translation>{program} öffnen</translation>
    </message>
    <message>
        <source>Get {program}</source>
        <translation>{program} holen</translation>
    </message>
    <message>
        <source>{program} was not found on this PC</source>
        <translation>{program} wurde auf diesem PC nicht gefunden</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>Pflegen</translation>
    </message>
    <message>
        <source>Ver&amp;ify again</source>
        <translation>Noch einmal &amp;prüfen</translation>
    </message>
    <message>
        <source>&amp;Go back …</source>
        <translation>&amp;Zurückgehen …</translation>
    </message>
    <message>
        <source>Put back what was moved away</source>
        <translation>Weggeräumtes zurücklegen</translation>
    </message>
    <message>
        <source>Diagnostics &amp;report …</source>
        <translation>&amp;Diagnosebericht …</translation>
    </message>
    <message>
        <source>Remo&amp;ve …</source>
        <translation>E&amp;ntfernen …</translation>
    </message>
    <message>
        <source>{path} was opened.</source>
        <translation>{path} wurde geöffnet.</translation>
    </message>
    <message>
        <source>{program} was not found here; {address} was opened.</source>
        <translation>{program} wurde hier nicht gefunden; {address} wurde geöffnet.</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>Counting what is there …</source>
        <translation>Was da ist, wird gezählt …</translation>
    </message>
    <message>
        <source>&amp;Update …</source>
        <translation>&amp;Aktualisieren …</translation>
    </message>
    <message>
        <source>A newer setup fits this PC: {title}</source>
        <translation>Eine neuere Einrichtung passt zu diesem PC: {title}</translation>
    </message>
    <message>
        <source>It is made beside the one that you have, which stays active until the new one is proven; you can go back.</source>
        <translation>Sie wird neben der angelegt, die Sie haben; diese bleibt aktiv, bis die neue geprüft ist. Sie können zurückgehen.</translation>
    </message>
    <message>
        <source>Does not work</source>
        <translation>Läuft nicht</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>Geändert</translation>
    </message>
    <message>
        <source>Works</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Works slowly</source>
        <translation>Läuft langsam</translation>
    </message>
    <message>
        <source>Not checked</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>It is the active setup, and its last verification found it broken.</source>
        <translation>Es ist die aktive Einrichtung, und ihre letzte Prüfung fand sie beschädigt.</translation>
    </message>
    <message>
        <source>It is the active setup; since its install something in it was changed.</source>
        <translation>Es ist die aktive Einrichtung; seit ihrer Installation wurde etwas darin geändert.</translation>
    </message>
    <message>
        <source>It is the active setup, and was verified on this PC.</source>
        <translation>Es ist die aktive Einrichtung, und sie wurde auf diesem PC geprüft.</translation>
    </message>
    <message>
        <source>It is the active setup; it has not been verified yet.</source>
        <translation>Es ist die aktive Einrichtung; sie wurde noch nicht geprüft.</translation>
    </message>
    <message>
        <source>Your setup</source>
        <translation>Ihre Einrichtung</translation>
    </message>
    <message>
        <source>What is installed here, what it can do, and every way back.</source>
        <translation>Was hier installiert ist, was es kann, und jeder Weg zurück.</translation>
    </message>
    <message>
        <source>The folder that you want to work in</source>
        <translation>Der Ordner, in dem Sie arbeiten wollen</translation>
    </message>
    <message>
        <source>Open {program} …</source>
        <translation>{program} öffnen …</translation>
    </message>
    <message>
        <source>In a folder of yours, with settings that name this setup</source>
        <translation>In einem eigenen Ordner, mit Einstellungen, die diese Einrichtung nennen</translation>
    </message>
</context>
<context>
    <name>Install</name>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>This setup is in place and proven; there is nothing to do.</source>
        <translation>Diese Einrichtung ist da und geprüft; es ist nichts zu tun.</translation>
    </message>
    <message>
        <source>This PC cannot take the setup yet: {reason}.</source>
        <translation>Dieser PC kann die Einrichtung noch nicht aufnehmen: {reason}.</translation>
    </message>
    <message>
        <source>Nothing has been changed yet. This is all that will happen, in this order.</source>
        <translation>Noch ist nichts geändert. Das ist alles, was geschehen wird, in dieser Reihenfolge.</translation>
    </message>
    <message>
        <source>Setup</source>
        <translation>Einrichtung</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>With a line of 10 MB/s</source>
        <translation>Bei einer Leitung mit 10 MB/s</translation>
    </message>
    <message>
        <source>Everything goes to {folder}. The setup that you use today stays as it is until the new one is proven.</source>
        <translation>Alles kommt nach {folder}. Was Sie heute benutzen, bleibt unverändert, bis das Neue geprüft ist.</translation>
    </message>
    <message>
        <source>Details of every step</source>
        <translation>Einzelheiten jedes Schritts</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Run it again</source>
        <translation>&amp;Noch einmal ausführen</translation>
    </message>
    <message>
        <source>&amp;Verify</source>
        <translation>&amp;Prüfen</translation>
    </message>
    <message>
        <source>&amp;Install</source>
        <translation>&amp;Installieren</translation>
    </message>
    <message>
        <source>Installing</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <source>Simulation: nothing is changed on this computer.</source>
        <translation>Simulation: Auf diesem Computer wird nichts geändert.</translation>
    </message>
    <message>
        <source>The PC stays awake. You can close this window; the same start goes on here.</source>
        <translation>Der PC bleibt wach. Sie können das Fenster schließen; derselbe Start macht hier weiter.</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>Installiert</translation>
    </message>
    <message>
        <source>all steps done in {time}</source>
        <translation>alle Schritte in {time} erledigt</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>See the &amp;proof</source>
        <translation>&amp;Nachweis ansehen</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>What was fetched and installed is kept; going on starts at the step that was stopped.</source>
        <translation>Was geladen und installiert ist, bleibt; es geht bei dem angehaltenen Schritt weiter.</translation>
    </message>
    <message>
        <source>&amp;Go on</source>
        <translation>Weiter&amp;machen</translation>
    </message>
    <message>
        <source>Not finished</source>
        <translation>Nicht fertig</translation>
    </message>
    <message>
        <source>Back to the &amp;plan</source>
        <translation>&amp;Zurück zum Plan</translation>
    </message>
    <message>
        <source>See the &amp;checks</source>
        <translation>&amp;Prüfungen ansehen</translation>
    </message>
    <message>
        <source>&amp;Try again</source>
        <translation>Noch &amp;einmal versuchen</translation>
    </message>
    <message>
        <source>Simulation. This is all that would happen, in this order.</source>
        <translation>Simulation. Das ist alles, was geschehen würde, in dieser Reihenfolge.</translation>
    </message>
    <message>
        <source>&amp;See what to do</source>
        <translation>&amp;Ansehen, was zu tun ist</translation>
    </message>
    <message>
        <source>Plan of the fix</source>
        <translation>Plan der Abhilfe</translation>
    </message>
    <message>
        <source>The report holds a recorded run of this plan; it is played back, nothing is changed.</source>
        <translation>Der Bericht enthält einen aufgezeichneten Lauf dieses Plans; er wird abgespielt, nichts wird geändert.</translation>
    </message>
    <message>
        <source>&amp;Play the recorded run</source>
        <translation>Aufgezeichneten &amp;Lauf abspielen</translation>
    </message>
    <message>
        <source>Watch the chec&amp;ks</source>
        <translation>&amp;Prüfungen ansehen</translation>
    </message>
    <message>
        <source>“{step}” failed. The setup that you use today was not touched.</source>
        <translation>„{step}“ ist fehlgeschlagen. Was Sie heute benutzen, wurde nicht angefasst.</translation>
    </message>
    <message>
        <source>Looking at what is in place. Nothing is changed by it.</source>
        <translation>Was schon da ist, wird angesehen. Dabei wird nichts geändert.</translation>
    </message>
    <message>
        <source>Plan of the repair</source>
        <translation>Plan der Reparatur</translation>
    </message>
    <message>
        <source>To be mended: {what}. The environment is made again.</source>
        <translation>Zu reparieren: {what}. Die Umgebung wird neu angelegt.</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Noch einmal ansehen</translation>
    </message>
    <message>
        <source>S&amp;ources …</source>
        <translation>&amp;Quellen …</translation>
    </message>
</context>
<context>
    <name>Keys</name>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Everything here can be done without a mouse.</source>
        <translation>Alles hier geht auch ohne Maus.</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>presses the button with the ring, else the green one</source>
        <translation>drückt die Schaltfläche mit dem Rahmen, sonst die grüne</translation>
    </message>
    <message>
        <source>Tab, Shift+Tab</source>
        <translation>Tab, Shift+Tab</translation>
    </message>
    <message>
        <source>to the next or the previous control</source>
        <translation>zum nächsten oder vorigen Bedienelement</translation>
    </message>
    <message>
        <source>Space, arrows</source>
        <translation>Leertaste, Pfeiltasten</translation>
    </message>
    <message>
        <source>tick a box, choose in a list</source>
        <translation>ein Häkchen setzen, in einer Liste wählen</translation>
    </message>
    <message>
        <source>Alt</source>
        <translation>Alt</translation>
    </message>
    <message>
        <source>shows a letter in each button; with it the button is pressed</source>
        <translation>zeigt in jeder Schaltfläche einen Buchstaben; mit ihm wird sie gedrückt</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>closes a dialog; the window stays</source>
        <translation>schließt einen Dialog; das Fenster bleibt</translation>
    </message>
    <message>
        <source>F10</source>
        <translation>F10</translation>
    </message>
    <message>
        <source>opens the menu</source>
        <translation>öffnet das Menü</translation>
    </message>
    <message>
        <source>F1</source>
        <translation>F1</translation>
    </message>
    <message>
        <source>shows these keys</source>
        <translation>zeigt diese Tasten</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>Knobs</name>
    <message>
        <source>4 bits</source>
        <translation>4 Bit</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 Bit</translation>
    </message>
    <message>
        <source>&amp;Model</source>
        <translation>&amp;Modell</translation>
    </message>
    <message>
        <source>&amp;Weights in</source>
        <translation>&amp;Gewichte in</translation>
    </message>
    <message>
        <source>Conte&amp;xt, tokens</source>
        <translation>Konte&amp;xt, Tokens</translation>
    </message>
    <message>
        <source>LoRA ran&amp;k</source>
        <translation>LoRA-&amp;Rang</translation>
    </message>
    <message>
        <source>Main memory</source>
        <translation>Arbeitsspeicher</translation>
    </message>
    <message>
        <source>Memory that the run would take</source>
        <translation>Speicher, den der Lauf brauchte</translation>
    </message>
    <message>
        <source>No model is listed for this setup.</source>
        <translation>Für diese Einrichtung ist kein Modell verzeichnet.</translation>
    </message>
    <message>
        <source>{n} million parameters</source>
        <translation>{n} Millionen Parameter</translation>
    </message>
    <message>
        <source>The prediction is for cards; on the processor it is not made.</source>
        <translation>Die Vorhersage gilt für Karten; für den Prozessor gibt es keine.</translation>
    </message>
    <message>
        <source>weights {size}</source>
        <translation>Gewichte {size}</translation>
    </message>
    <message>
        <source>adapter {size}</source>
        <translation>Adapter {size}</translation>
    </message>
    <message>
        <source>activations {size}</source>
        <translation>Aktivierungen {size}</translation>
    </message>
    <message>
        <source>the rest {size}</source>
        <translation>der Rest {size}</translation>
    </message>
    <message>
        <source>The memory of the card is not known.</source>
        <translation>Der Speicher der Karte ist nicht bekannt.</translation>
    </message>
    <message>
        <source>{need} needed</source>
        <translation>{need} nötig</translation>
    </message>
    <message>
        <source>Fits, {size} to spare</source>
        <translation>Passt, {size} übrig</translation>
    </message>
    <message>
        <source>Fits barely, {size} to spare</source>
        <translation>Passt knapp, {size} übrig</translation>
    </message>
    <message>
        <source>Does not fit: {size} too much</source>
        <translation>Passt nicht: {size} zu viel</translation>
    </message>
    <message>
        <source>B&amp;atch</source>
        <translation>St&amp;apel</translation>
    </message>
    <message>
        <source>{need} of the {free} free</source>
        <translation>{need} der freien {free}</translation>
    </message>
    <message>
        <source>How much memory this model takes is not known.</source>
        <translation>Wie viel Speicher dieses Modell braucht, ist nicht bekannt.</translation>
    </message>
    <message>
        <source>Card memory</source>
        <translation>Speicher der Karte</translation>
    </message>
</context>
<context>
    <name>LengthChart</name>
    <message>
        <source>Tokens, up to</source>
        <translation>Tokens, bis zu</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>Zeilen</translation>
    </message>
    <message>
        <source>Half of the rows have at most {median} tokens, the longest {longest}.</source>
        <translation>Die Hälfte der Zeilen hat höchstens {median} Tokens, die längste {longest}.</translation>
    </message>
    <message>
        <source>{n} rows are longer than the context of {context} tokens and are cut.</source>
        <translation>{n} Zeilen sind länger als der Kontext von {context} Tokens und werden gekürzt.</translation>
    </message>
    <message>
        <source>All fit in the context of {context} tokens.</source>
        <translation>Alle passen in den Kontext von {context} Tokens.</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} Tokens</translation>
    </message>
    <message>
        <source>context {n}</source>
        <translation>Kontext {n}</translation>
    </message>
</context>
<context>
    <name>LogPane</name>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Go to the end</source>
        <translation>Zum Ende</translation>
    </message>
    <message numerus="yes">
        <source>Copied the last %n line(s); more would be too much for the clipboard</source>
        <translation>
            <numerusform>Die letzte Zeile kopiert; mehr wäre zu viel für die Zwischenablage</numerusform>
            <numerusform>Die letzten %n Zeilen kopiert; mehr wäre zu viel für die Zwischenablage</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Copied %n line(s)</source>
        <translation>
            <numerusform>%n Zeile kopiert</numerusform>
            <numerusform>%n Zeilen kopiert</numerusform>
        </translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>Alles auswählen</translation>
    </message>
</context>
<context>
    <name>LogPanel</name>
    <message>
        <source>&amp;Warnings only</source>
        <translation>Nur &amp;Warnungen</translation>
    </message>
    <message>
        <source>Copy the selected lines, or all that are shown</source>
        <translation>Die gewählten Zeilen kopieren oder alle gezeigten</translation>
    </message>
    <message>
        <source>Open the whole log in another program</source>
        <translation>Das ganze Protokoll in einem anderen Programm öffnen</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n Zeile</numerusform>
            <numerusform>%n Zeilen</numerusform>
        </translation>
    </message>
    <message>
        <source>not found</source>
        <translation>nicht gefunden</translation>
    </message>
    <message numerus="yes">
        <source>%n time(s)</source>
        <translation>
            <numerusform>%n-mal</numerusform>
            <numerusform>%n-mal</numerusform>
        </translation>
    </message>
    <message>
        <source>Cop&amp;y</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Open fi&amp;le</source>
        <translation>&amp;Datei öffnen</translation>
    </message>
</context>
<context>
    <name>LossChart</name>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Training loss</source>
        <translation>Verlust im Training</translation>
    </message>
    <message>
        <source>Evaluation loss</source>
        <translation>Verlust in der Auswertung</translation>
    </message>
    <message>
        <source>No step yet</source>
        <translation>Noch kein Schritt</translation>
    </message>
    <message>
        <source>Step {step} of {total}, training loss from {first} to {last}</source>
        <translation>Schritt {step} von {total}, Verlust im Training von {first} auf {last}</translation>
    </message>
    <message>
        <source>, evaluation loss {last}</source>
        <translation>, Verlust in der Auswertung {last}</translation>
    </message>
    <message>
        <source>step {n}</source>
        <translation>Schritt {n}</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>Auswertung</translation>
    </message>
</context>
<context>
    <name>LossCurve</name>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>No step yet</source>
        <translation>Noch kein Schritt</translation>
    </message>
    <message>
        <source>{done} of {total} steps, loss from {first} to {last}</source>
        <translation>{done} von {total} Schritten, Verlust von {first} auf {last}</translation>
    </message>
    <message>
        <source>step {n}</source>
        <translation>Schritt {n}</translation>
    </message>
</context>
<context>
    <name>Machines</name>
    <message>
        <source>Another machine</source>
        <translation>Ein anderer PC</translation>
    </message>
    <message>
        <source>All pages show what they would show there. Nothing is changed, on this computer or on another.</source>
        <translation>Alle Seiten zeigen, was sie dort zeigen würden. Nichts wird geändert, weder auf diesem Computer noch auf einem anderen.</translation>
    </message>
    <message>
        <source>Machines</source>
        <translation>Computer</translation>
    </message>
    <message>
        <source>Graphics card</source>
        <translation>Grafikkarte</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>What is special</source>
        <translation>Das Besondere</translation>
    </message>
    <message>
        <source>Choose a &amp;file …</source>
        <translation>&amp;Datei wählen …</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Try it</source>
        <translation>&amp;Ausprobieren</translation>
    </message>
    <message>
        <source>Machine file or report</source>
        <translation>Maschinendatei oder Bericht</translation>
    </message>
    <message>
        <source>Machine files and reports (*.json *.zip)</source>
        <translation>Maschinendateien und Berichte (*.json *.zip)</translation>
    </message>
    <message>
        <source>No graphics card</source>
        <translation>Keine Grafikkarte</translation>
    </message>
</context>
<context>
    <name>MemoryTable</name>
    <message>
        <source>The guide&apos;s memory table</source>
        <translation>Die Speichertabelle der Anleitung</translation>
    </message>
    <message>
        <source>What the guide says a run takes, and what the memory model here predicts for the same run in 4 bits. The model was checked against runs on a card.</source>
        <translation>Was ein Lauf laut Anleitung braucht und was das Speichermodell hier für denselben Lauf in 4 Bit vorhersagt. Das Modell wurde an Läufen auf einer Karte geprüft.</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} bis {high}</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>Stapel</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>Kontext</translation>
    </message>
    <message>
        <source>The guide</source>
        <translation>Die Anleitung</translation>
    </message>
    <message>
        <source>Here</source>
        <translation>Hier</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>Mending</name>
    <message>
        <source>{address} was opened in the browser.</source>
        <translation>{address} wurde im Browser geöffnet.</translation>
    </message>
    <message>
        <source>Copied: {text}</source>
        <translation>Kopiert: {text}</translation>
    </message>
</context>
<context>
    <name>Menu</name>
    <message>
        <source>Back to &amp;this PC</source>
        <translation>Zurück zu &amp;diesem PC</translation>
    </message>
    <message>
        <source>&amp;Paste a log …</source>
        <translation>&amp;Protokoll einfügen …</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>&amp;Sprache</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>A&amp;ppearance</source>
        <translation>A&amp;ussehen</translation>
    </message>
    <message>
        <source>A&amp;bout</source>
        <translation>Ü&amp;ber</translation>
    </message>
    <message>
        <source>Version {version}</source>
        <translation>Version {version}</translation>
    </message>
    <message>
        <source>Takes a PC with an NVIDIA card to a proven fine-tuning environment. It is not made by the makers of Unsloth.</source>
        <translation>Bringt einen PC mit NVIDIA-Karte zu einer geprüften Umgebung für das Feintuning. Es stammt nicht von den Machern von Unsloth.</translation>
    </message>
    <message>
        <source>Licence: Apache 2.0. Everything happens on this PC; nothing is sent anywhere.</source>
        <translation>Lizenz: Apache 2.0. Alles geschieht auf diesem PC; nichts wird irgendwohin gesendet.</translation>
    </message>
    <message>
        <source>With Qt for Python (LGPL 3), uv (Apache 2.0 or MIT), and the typefaces Inter and JetBrains Mono (SIL Open Font License 1.1).</source>
        <translation>Mit Qt for Python (LGPL 3), uv (Apache 2.0 oder MIT) und den Schriften Inter und JetBrains Mono (SIL Open Font License 1.1).</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Try it on &amp;another machine …</source>
        <translation>Auf einem &amp;anderen PC ausprobieren …</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>Lizenzen</translation>
    </message>
    <message>
        <source>&amp;Licences</source>
        <translation>&amp;Lizenzen</translation>
    </message>
    <message>
        <source>&amp;Keys</source>
        <translation>&amp;Tasten</translation>
    </message>
</context>
<context>
    <name>Notification</name>
    <message>
        <source>{plan}: ended.</source>
        <translation>{plan}: beendet.</translation>
    </message>
    <message>
        <source>{plan}: failed. The window says why.</source>
        <translation>{plan}: fehlgeschlagen. Das Fenster sagt, warum.</translation>
    </message>
</context>
<context>
    <name>Pace</name>
    <message>
        <source>Played back</source>
        <translation>Wiedergabe</translation>
    </message>
    <message>
        <source>As fast as it happened</source>
        <translation>So schnell, wie es geschah</translation>
    </message>
    <message>
        <source>{n} times as fast as it happened</source>
        <translation>{n}-mal so schnell, wie es geschah</translation>
    </message>
</context>
<context>
    <name>PasteLog</name>
    <message>
        <source>Paste a log</source>
        <translation>Protokoll einfügen</translation>
    </message>
    <message>
        <source>The output of pip, of a training run, of anything that failed. The whole of it is best: the cause often stands far above the last line. It stays on this PC.</source>
        <translation>Die Ausgabe von pip, von einem Training, von allem, was fehlschlug. Am besten vollständig: Die Ursache steht oft weit über der letzten Zeile. Es bleibt auf diesem PC.</translation>
    </message>
    <message>
        <source>Paste here</source>
        <translation>Hier einfügen</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>&amp;Open a file …</source>
        <translation>Datei &amp;öffnen …</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>&amp;Einfügen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Open a log</source>
        <translation>Protokoll öffnen</translation>
    </message>
    <message>
        <source>Reading …</source>
        <translation>Wird gelesen …</translation>
    </message>
    <message>
        <source>Nothing in it is known to be wrong.</source>
        <translation>Darin ist nichts als Fehler bekannt.</translation>
    </message>
    <message>
        <source>Preparing the text …</source>
        <translation>Text wird vorbereitet …</translation>
    </message>
    <message>
        <source>Copied, with names and secrets taken out. Read it before you post it.</source>
        <translation>Kopiert, ohne Namen und Geheimnisse. Lesen Sie den Text, bevor Sie ihn veröffentlichen.</translation>
    </message>
</context>
<context>
    <name>Plan</name>
    <message>
        <source>{size} to fetch</source>
        <translation>{size} zu laden</translation>
    </message>
    <message>
        <source>{size} on disk</source>
        <translation>{size} auf der Platte</translation>
    </message>
    <message>
        <source>What will happen</source>
        <translation>Was geschehen wird</translation>
    </message>
    <message>
        <source>{n} steps</source>
        <translation>{n} Schritte</translation>
    </message>
    <message>
        <source>Steps of the plan</source>
        <translation>Schritte des Plans</translation>
    </message>
    <message>
        <source>step {n}</source>
        <translation>Schritt {n}</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>und {n} weitere</translation>
    </message>
    <message>
        <source>Takes packages out of an environment that is in use: {python}. The list of everything in it is saved first.</source>
        <translation>Nimmt Pakete aus einer Umgebung heraus, die in Gebrauch ist: {python}. Die Liste von allem darin wird vorher gespeichert.</translation>
    </message>
    <message>
        <source>Moves {path} into the quarantine; it can be put back.</source>
        <translation>Verschiebt {path} in die Quarantäne; es lässt sich zurücklegen.</translation>
    </message>
    <message>
        <source>Deletes {path} for good.</source>
        <translation>Löscht {path} endgültig.</translation>
    </message>
    <message>
        <source>steps {first} to {last}</source>
        <translation>Schritte {first} bis {last}</translation>
    </message>
    <message>
        <source>and {n} more paths of the step {title}</source>
        <translation>und {n} weitere Pfade des Schritts {title}</translation>
    </message>
</context>
<context>
    <name>PlanDetails</name>
    <message>
        <source>Details of the plan</source>
        <translation>Einzelheiten des Plans</translation>
    </message>
    <message>
        <source>{title}: {n} steps, {fetched} to fetch, {disk} on disk.</source>
        <translation>{title}: {n} Schritte, {fetched} zu laden, {disk} auf der Platte.</translation>
    </message>
    <message>
        <source>The plan as a script</source>
        <translation>Der Plan als Skript</translation>
    </message>
    <message>
        <source>&amp;Steps</source>
        <translation>&amp;Schritte</translation>
    </message>
    <message>
        <source>As a s&amp;cript</source>
        <translation>Als S&amp;kript</translation>
    </message>
    <message>
        <source>C&amp;opy</source>
        <translation>Ko&amp;pieren</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>To fetch</source>
        <translation>Zu laden</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>Kind {kind}: {fields}</source>
        <translation>Art {kind}: {fields}</translation>
    </message>
    <message>
        <source>Touches {path}</source>
        <translation>Berührt {path}</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>Plan speichern</translation>
    </message>
    <message>
        <source>Views of the plan</source>
        <translation>Ansichten des Plans</translation>
    </message>
    <message>
        <source>Sa&amp;ve as a file …</source>
        <translation>Als &amp;Datei speichern …</translation>
    </message>
</context>
<context>
    <name>Proof</name>
    <message>
        <source>not checked yet</source>
        <translation>noch nicht geprüft</translation>
    </message>
    <message>
        <source>did not come out</source>
        <translation>kam nicht heraus</translation>
    </message>
    <message>
        <source>same</source>
        <translation>gleich</translation>
    </message>
    <message>
        <source>corrected</source>
        <translation>berichtigt</translation>
    </message>
    <message>
        <source>below</source>
        <translation>darunter</translation>
    </message>
    <message>
        <source>wrong</source>
        <translation>falsch</translation>
    </message>
    <message>
        <source>Expected output</source>
        <translation>Erwartete Ausgabe</translation>
    </message>
    <message>
        <source>Compared line by line as the checks come in.</source>
        <translation>Zeile für Zeile verglichen, sobald die Prüfungen eintreffen.</translation>
    </message>
    <message>
        <source>Show fewer</source>
        <translation>Weniger zeigen</translation>
    </message>
    <message>
        <source>Show all {n} lines</source>
        <translation>Alle {n} Zeilen zeigen</translation>
    </message>
    <message>
        <source>{n} same</source>
        <translation>{n} gleich</translation>
    </message>
    <message>
        <source>{n} corrected</source>
        <translation>{n} berichtigt</translation>
    </message>
    <message>
        <source>{n} wrong</source>
        <translation>{n} falsch</translation>
    </message>
    <message>
        <source>{n} to come</source>
        <translation>{n} stehen aus</translation>
    </message>
    <message>
        <source>{n} missing</source>
        <translation>{n} fehlen</translation>
    </message>
    <message>
        <source>Guide</source>
        <translation>Anleitung</translation>
    </message>
    <message>
        <source>Right here</source>
        <translation>Hier richtig</translation>
    </message>
    <message>
        <source>Came out</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>why</source>
        <translation>warum</translation>
    </message>
    <message>
        <source>Why {title} differs</source>
        <translation>Warum {title} abweicht</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Loss of the first fine-tune</source>
        <translation>Verlust des ersten Feintunings</translation>
    </message>
    <message>
        <source>First fine-tune</source>
        <translation>Erstes Feintuning</translation>
    </message>
    <message>
        <source>A small model is made here and trained for 20 steps.</source>
        <translation>Hier entsteht ein kleines Modell und wird 20 Schritte trainiert.</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Step {n}, loss {loss}</source>
        <translation>Schritt {n}, Verlust {loss}</translation>
    </message>
    <message>
        <source>Passed</source>
        <translation>Bestanden</translation>
    </message>
    <message>
        <source>Not passed</source>
        <translation>Nicht bestanden</translation>
    </message>
    <message>
        <source>adapter saved and loaded again: same answer</source>
        <translation>Adapter gespeichert und wieder geladen: gleiche Antwort</translation>
    </message>
    <message>
        <source>the saved adapter gave another answer when loaded again</source>
        <translation>der gespeicherte Adapter gab nach dem Laden eine andere Antwort</translation>
    </message>
    <message>
        <source>LoRA</source>
        <translation>LoRA</translation>
    </message>
    <message>
        <source>{n} steps</source>
        <translation>{n} Schritte</translation>
    </message>
    <message>
        <source>{n} tokens/s</source>
        <translation>{n} Tokens/s</translation>
    </message>
    <message>
        <source>peak {size}</source>
        <translation>Spitze {size}</translation>
    </message>
    <message>
        <source>Benchmark</source>
        <translation>Leistungsmessung</translation>
    </message>
    <message>
        <source>Measured after the checks; it takes at most half a minute.</source>
        <translation>Wird nach den Prüfungen gemessen; dauert höchstens eine halbe Minute.</translation>
    </message>
    <message>
        <source>Clock, power and temperature of the card</source>
        <translation>Takt, Leistung und Temperatur der Karte</translation>
    </message>
    <message>
        <source>Benchmark against a healthy {card}</source>
        <translation>Leistung gegen eine gesunde {card}</translation>
    </message>
    <message>
        <source>the mark is the reference for this card</source>
        <translation>die Marke ist der Vergleichswert dieser Karte</translation>
    </message>
    <message>
        <source>nothing to compare it with</source>
        <translation>kein Vergleichswert</translation>
    </message>
    <message>
        <source>fault</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>note</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>simulated</source>
        <translation>simuliert</translation>
    </message>
    <message>
        <source>One line of the guide is about a card; this setup uses none.</source>
        <translation>Eine Zeile der Anleitung handelt von einer Karte; diese Einrichtung benutzt keine.</translation>
    </message>
    <message>
        <source>{n} lines of the guide are about a card; this setup uses none.</source>
        <translation>{n} Zeilen der Anleitung handeln von einer Karte; diese Einrichtung benutzt keine.</translation>
    </message>
    <message>
        <source>the same weights on all</source>
        <translation>auf allen dieselben Gewichte</translation>
    </message>
    <message>
        <source>other weights on each</source>
        <translation>auf jeder andere Gewichte</translation>
    </message>
    <message>
        <source>On {n} cards at once: loss {first} to {last}</source>
        <translation>Auf {n} Karten zugleich: Verlust {first} bis {last}</translation>
    </message>
    <message>
        <source>On several cards at once: not passed</source>
        <translation>Auf mehreren Karten zugleich: nicht bestanden</translation>
    </message>
</context>
<context>
    <name>PutBack</name>
    <message>
        <source>Put back what was moved away</source>
        <translation>Weggeräumtes zurücklegen</translation>
    </message>
    <message>
        <source>These were moved into the quarantine. Each goes back to where it was; nothing that lies there now is replaced.</source>
        <translation>Dies wurde in die Quarantäne verschoben. Alles kommt dorthin zurück, wo es war; was jetzt dort liegt, wird nicht ersetzt.</translation>
    </message>
    <message>
        <source>Nothing lies in the quarantine.</source>
        <translation>In der Quarantäne liegt nichts.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>lies in {folder}</source>
        <translation>liegt in {folder}</translation>
    </message>
    <message>
        <source>Put back</source>
        <translation>Zurücklegen</translation>
    </message>
    <message>
        <source>Put {path} back</source>
        <translation>{path} zurücklegen</translation>
    </message>
    <message>
        <source>Back where it was</source>
        <translation>Wieder an seinem Platz</translation>
    </message>
</context>
<context>
    <name>Rail</name>
    <message>
        <source>No graphics card found</source>
        <translation>Keine Grafikkarte gefunden</translation>
    </message>
    <message>
        <source>Unnamed card</source>
        <translation>Karte ohne Namen</translation>
    </message>
    <message>
        <source>driver {version}</source>
        <translation>Treiber {version}</translation>
    </message>
    <message>
        <source>{size} free</source>
        <translation>{size} frei</translation>
    </message>
    <message>
        <source>done</source>
        <translation>erledigt</translation>
    </message>
    <message>
        <source>this page</source>
        <translation>diese Seite</translation>
    </message>
    <message>
        <source>to come</source>
        <translation>kommt noch</translation>
    </message>
    <message>
        <source>nothing to do</source>
        <translation>nichts zu tun</translation>
    </message>
    <message>
        <source>Step {n} of {count}: {title}, {state}</source>
        <translation>Schritt {n} von {count}: {title}, {state}</translation>
    </message>
    <message>
        <source>Menu: another machine, log, language, about (F10)</source>
        <translation>Menü: anderer PC, Protokoll, Sprache, Über (F10)</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>Menü</translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation>Willkommen</translation>
    </message>
    <message>
        <source>This PC</source>
        <translation>Dieser PC</translation>
    </message>
    <message>
        <source>Setup</source>
        <translation>Einrichtung</translation>
    </message>
    <message>
        <source>Clean-up</source>
        <translation>Aufräumen</translation>
    </message>
    <message>
        <source>Install</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <source>Verify</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Back to {title}</source>
        <translation>Zurück zu {title}</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>Trainieren</translation>
    </message>
    <message>
        <source>Home</source>
        <translation>Übersicht</translation>
    </message>
</context>
<context>
    <name>Ready</name>
    <message>
        <source>Starter training script</source>
        <translation>Trainingsskript für den Anfang</translation>
    </message>
    <message>
        <source>runs as it is, on a tiny data set</source>
        <translation>läuft so, wie es ist, mit winzigen Daten</translation>
    </message>
    <message>
        <source>The script</source>
        <translation>Das Skript</translation>
    </message>
    <message>
        <source>&amp;Copy the script</source>
        <translation>Skript &amp;kopieren</translation>
    </message>
    <message>
        <source>&amp;Save the script …</source>
        <translation>Skript &amp;speichern …</translation>
    </message>
    <message>
        <source>The guide&apos;s memory table</source>
        <translation>Die Speichertabelle der Anleitung</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Simulation</source>
        <translation>Simulation</translation>
    </message>
    <message>
        <source>proven on this machine</source>
        <translation>auf diesem PC geprüft</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
    <message>
        <source>Save the script</source>
        <translation>Skript speichern</translation>
    </message>
    <message>
        <source>Python scripts (*.py)</source>
        <translation>Python-Skripte (*.py)</translation>
    </message>
    <message>
        <source>Saved as {path}</source>
        <translation>Gespeichert als {path}</translation>
    </message>
    <message>
        <source>Open the &amp;folder</source>
        <translation>&amp;Ordner öffnen</translation>
    </message>
    <message>
        <source>&amp;Terminal with it active</source>
        <translation>&amp;Terminal mit aktiver Umgebung</translation>
    </message>
    <message>
        <source>Make a &amp;Jupyter kernel</source>
        <translation>&amp;Jupyter-Kernel anlegen</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>Benutzen</translation>
    </message>
    <message>
        <source>There is no installed setup to open yet.</source>
        <translation>Es gibt noch keine Einrichtung zum Öffnen.</translation>
    </message>
    <message>
        <source>&amp;Verify again</source>
        <translation>Noch einmal &amp;prüfen</translation>
    </message>
    <message>
        <source>Diagnostics &amp;report …</source>
        <translation>&amp;Diagnosebericht …</translation>
    </message>
    <message>
        <source>&amp;Go back to the previous setup</source>
        <translation>Zur &amp;vorigen Einrichtung zurück</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>Pflegen</translation>
    </message>
    <message>
        <source>Go back to the previous setup</source>
        <translation>Zur vorigen Einrichtung zurück</translation>
    </message>
    <message>
        <source>The setup that was active before becomes active again. Nothing is deleted; you can change back the same way.</source>
        <translation>Die zuvor aktive Einrichtung wird wieder aktiv. Nichts wird gelöscht; auf demselben Weg geht es wieder vor.</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>Zurückgehen</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>Bleiben</translation>
    </message>
    <message>
        <source>{name} is active now</source>
        <translation>{name} ist jetzt aktiv</translation>
    </message>
    <message>
        <source>&amp;Put back what was moved away</source>
        <translation>&amp;Weggeräumtes zurücklegen</translation>
    </message>
    <message>
        <source>Jupyter lists it now</source>
        <translation>Jupyter führt ihn jetzt auf</translation>
    </message>
    <message>
        <source>It is in the menu now</source>
        <translation>Er steht jetzt im Menü</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>Sch&amp;ließen</translation>
    </message>
    <message>
        <source>Start-m&amp;enu entry</source>
        <translation>&amp;Eintrag im Startmenü</translation>
    </message>
    <message>
        <source>Go back all the same</source>
        <translation>Trotzdem zurückgehen</translation>
    </message>
    <message>
        <source>Train on &amp;your data</source>
        <translation>M&amp;it eigenen Daten trainieren</translation>
    </message>
    <message>
        <source>{path} was opened.</source>
        <translation>{path} wurde geöffnet.</translation>
    </message>
    <message>
        <source>Something is being made still; one after the other.</source>
        <translation>Es wird noch etwas angelegt; eins nach dem anderen.</translation>
    </message>
    <message>
        <source>The kernel is made. Jupyter was not found on this PC: it lists the kernel once it is installed, and so does VS Code.</source>
        <translation>Der Kernel ist angelegt. Jupyter wurde auf diesem PC nicht gefunden: Es führt den Kernel auf, sobald es installiert ist, ebenso VS Code.</translation>
    </message>
</context>
<context>
    <name>Remove</name>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>All that this program put on this PC. What you tick is deleted for good; all else stays.</source>
        <translation>Alles, was dieses Programm auf diesen PC gebracht hat. Was Sie ankreuzen, wird endgültig gelöscht; alles andere bleibt.</translation>
    </message>
    <message>
        <source>Nothing of this program is left here.</source>
        <translation>Von diesem Programm ist hier nichts mehr da.</translation>
    </message>
    <message>
        <source>Tick &amp;everything</source>
        <translation>&amp;Alles ankreuzen</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>{part} of {whole} go, {rest} stay.</source>
        <translation>{part} von {whole} werden gelöscht, {rest} bleiben.</translation>
    </message>
    <message>
        <source>{whole} in all; nothing is ticked.</source>
        <translation>{whole} insgesamt; nichts ist angekreuzt.</translation>
    </message>
    <message>
        <source>Removing {name} …</source>
        <translation>{name} wird entfernt …</translation>
    </message>
    <message>
        <source>Removed.</source>
        <translation>Entfernt.</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>user name</source>
        <translation>Benutzername</translation>
    </message>
    <message>
        <source>name of this PC</source>
        <translation>Name dieses PCs</translation>
    </message>
    <message>
        <source>home folder</source>
        <translation>Benutzerordner</translation>
    </message>
    <message>
        <source>e-mail address</source>
        <translation>E-Mail-Adresse</translation>
    </message>
    <message>
        <source>network card&apos;s number</source>
        <translation>Nummer der Netzwerkkarte</translation>
    </message>
    <message>
        <source>serial number</source>
        <translation>Seriennummer</translation>
    </message>
    <message>
        <source>number of the card</source>
        <translation>Nummer der Karte</translation>
    </message>
    <message>
        <source>number of a device</source>
        <translation>Nummer eines Geräts</translation>
    </message>
    <message>
        <source>name of a wireless network</source>
        <translation>Name eines Funknetzes</translation>
    </message>
    <message>
        <source>access token</source>
        <translation>Zugangstoken</translation>
    </message>
    <message>
        <source>key</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>password in an address</source>
        <translation>Kennwort in einer Adresse</translation>
    </message>
    <message>
        <source>sign-in header</source>
        <translation>Anmeldekopfzeile</translation>
    </message>
    <message>
        <source>public network address</source>
        <translation>öffentliche Netzadresse</translation>
    </message>
    <message>
        <source>Diagnostics report</source>
        <translation>Diagnosebericht</translation>
    </message>
    <message>
        <source>One zip with everything that helps to find a fault. It is written to this PC only; you decide whom to give it to.</source>
        <translation>Ein Zip mit allem, was hilft, einen Fehler zu finden. Es wird nur auf diesen PC geschrieben; Sie entscheiden, wer es bekommt.</translation>
    </message>
    <message>
        <source>Taken out</source>
        <translation>Herausgenommen</translation>
    </message>
    <message>
        <source>What is in it</source>
        <translation>Was darin ist</translation>
    </message>
    <message>
        <source>The report as a page</source>
        <translation>Der Bericht als Seite</translation>
    </message>
    <message>
        <source>The report as text</source>
        <translation>Der Bericht als Text</translation>
    </message>
    <message>
        <source>As a pa&amp;ge</source>
        <translation>Als Seit&amp;e</translation>
    </message>
    <message>
        <source>As &amp;text</source>
        <translation>Als &amp;Text</translation>
    </message>
    <message>
        <source>Putting it together …</source>
        <translation>Wird zusammengestellt …</translation>
    </message>
    <message>
        <source>&amp;Copy the text</source>
        <translation>Text &amp;kopieren</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>&amp;Save …</source>
        <translation>&amp;Speichern …</translation>
    </message>
    <message>
        <source>{n} times</source>
        <translation>{n}-mal</translation>
    </message>
    <message>
        <source>once</source>
        <translation>einmal</translation>
    </message>
    <message>
        <source>Nothing had to be taken out.</source>
        <translation>Es musste nichts herausgenommen werden.</translation>
    </message>
    <message>
        <source>{n} pieces of personal data were taken out; read through it before you pass it on.</source>
        <translation>{n} persönliche Angaben wurden herausgenommen; lesen Sie ihn durch, bevor Sie ihn weitergeben.</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>Zip files (*.zip)</source>
        <translation>Zip-Dateien (*.zip)</translation>
    </message>
    <message>
        <source>Saved as {path}</source>
        <translation>Gespeichert als {path}</translation>
    </message>
    <message>
        <source>Writing …</source>
        <translation>Wird geschrieben …</translation>
    </message>
    <message>
        <source>Views of the report</source>
        <translation>Ansichten des Berichts</translation>
    </message>
</context>
<context>
    <name>Run</name>
    <message>
        <source>Total progress</source>
        <translation>Gesamtfortschritt</translation>
    </message>
    <message>
        <source>Download speed</source>
        <translation>Ladegeschwindigkeit</translation>
    </message>
    <message>
        <source>{share} % done</source>
        <translation>{share} % erledigt</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Stopping ends the step that is running. What has been fetched and installed is kept, and the same plan goes on from here.</source>
        <translation>Anhalten beendet den laufenden Schritt. Was geladen und installiert ist, bleibt, und derselbe Plan macht von hier weiter.</translation>
    </message>
    <message>
        <source>Stop now</source>
        <translation>Jetzt anhalten</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Weitermachen</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>The running step is being ended.</source>
        <translation>Der laufende Schritt wird beendet.</translation>
    </message>
    <message>
        <source>step {n} of {all}</source>
        <translation>Schritt {n} von {all}</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>Simulation</source>
        <translation>Simulation</translation>
    </message>
    <message>
        <source>Recorded run</source>
        <translation>Aufgezeichneter Lauf</translation>
    </message>
    <message>
        <source>Waiting for the network</source>
        <translation>Wartet auf das Netz</translation>
    </message>
    <message>
        <source>No data for {time}. It goes on by itself when the network answers; what has arrived is kept.</source>
        <translation>Seit {time} keine Daten. Es geht von selbst weiter, sobald das Netz antwortet; was angekommen ist, bleibt.</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>&amp;Anhalten</translation>
    </message>
</context>
<context>
    <name>SearchLine</name>
    <message>
        <source>Search the log</source>
        <translation>Im Protokoll suchen</translation>
    </message>
    <message>
        <source>Enter goes to the next place, Shift and Enter to the one before, Escape ends the search</source>
        <translation>Enter geht zur nächsten Stelle, Umschalt und Enter zur vorigen, Escape beendet die Suche</translation>
    </message>
</context>
<context>
    <name>Setup</name>
    <message>
        <source>Setup</source>
        <translation>Einrichtung</translation>
    </message>
    <message>
        <source>Ranked for this PC. Each is pinned: the same files every time, each checked by its hash.</source>
        <translation>Für diesen PC geordnet. Jede ist festgeschrieben: immer dieselben Dateien, jede mit ihrer Prüfsumme geprüft.</translation>
    </message>
    <message>
        <source>C&amp;ompare two setups</source>
        <translation>Zwei Einrichtungen &amp;vergleichen</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>pinned {date}</source>
        <translation>festgeschrieben {date}</translation>
    </message>
    <message>
        <source>What the guide gets wrong</source>
        <translation>Was die Anleitung falsch sagt</translation>
    </message>
    <message>
        <source>&amp;Next: clean-up</source>
        <translation>&amp;Weiter: Aufräumen</translation>
    </message>
    <message>
        <source>&amp;Next: the plan</source>
        <translation>&amp;Weiter: der Plan</translation>
    </message>
    <message>
        <source>No setup can work here yet; each card says what it needs.</source>
        <translation>Noch kann hier keine Einrichtung laufen; jede sagt, was sie braucht.</translation>
    </message>
    <message>
        <source>Folder for everything (environment, cache, models)</source>
        <translation>Ordner für alles (Umgebung, Speicher, Modelle)</translation>
    </message>
    <message>
        <source>C&amp;hange</source>
        <translation>Än&amp;dern</translation>
    </message>
    <message>
        <source>Choose another folder</source>
        <translation>Anderen Ordner wählen</translation>
    </message>
    <message>
        <source>Sources</source>
        <translation>Quellen</translation>
    </message>
    <message>
        <source>&amp;Mirrors, proxy, offline folder</source>
        <translation>&amp;Spiegel, Proxy, Offline-Ordner</translation>
    </message>
    <message>
        <source>Folder for everything</source>
        <translation>Ordner für alles</translation>
    </message>
    <message>
        <source>about </source>
        <translation>etwa </translation>
    </message>
    <message>
        <source>Download {size}</source>
        <translation>Herunterladen {size}</translation>
    </message>
    <message>
        <source>{size} on disk</source>
        <translation>{size} auf der Platte</translation>
    </message>
    <message>
        <source>Offline folder {path}</source>
        <translation>Offline-Ordner {path}</translation>
    </message>
    <message>
        <source>Own index</source>
        <translation>Eigener Index</translation>
    </message>
    <message>
        <source>Default index</source>
        <translation>Standardindex</translation>
    </message>
    <message>
        <source>PyTorch index</source>
        <translation>PyTorch-Index</translation>
    </message>
    <message>
        <source>PyTorch mirror</source>
        <translation>PyTorch-Spiegel</translation>
    </message>
    <message>
        <source>through a proxy</source>
        <translation>über einen Proxy</translation>
    </message>
    <message>
        <source>no proxy</source>
        <translation>kein Proxy</translation>
    </message>
    <message>
        <source>Supports</source>
        <translation>Unterstützt</translation>
    </message>
    <message>
        <source>Proven</source>
        <translation>Geprüft</translation>
    </message>
    <message>
        <source>In favour</source>
        <translation>Dafür</translation>
    </message>
    <message>
        <source>Against</source>
        <translation>Dagegen</translation>
    </message>
    <message>
        <source>Package</source>
        <translation>Paket</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <source>Versions in {title}</source>
        <translation>Versionen in {title}</translation>
    </message>
    <message>
        <source>What is fetched</source>
        <translation>Was geladen wird</translation>
    </message>
    <message>
        <source>Part</source>
        <translation>Teil</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>Two setups side by side</source>
        <translation>Zwei Einrichtungen nebeneinander</translation>
    </message>
    <message>
        <source>First setup</source>
        <translation>Erste Einrichtung</translation>
    </message>
    <message>
        <source>Second setup</source>
        <translation>Zweite Einrichtung</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>works</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>works, with notes</source>
        <translation>läuft, mit Hinweisen</translation>
    </message>
    <message>
        <source>cannot work yet</source>
        <translation>läuft noch nicht</translation>
    </message>
    <message>
        <source>Here</source>
        <translation>Hier</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>Festgeschrieben</translation>
    </message>
    <message>
        <source>Each was checked; the guide&apos;s own setup is installed with these corrections.</source>
        <translation>Jede Aussage wurde geprüft; die Einrichtung der Anleitung wird mit diesen Berichtigungen installiert.</translation>
    </message>
    <message>
        <source>Empty fields mean: as pip and uv are set up on this PC. What comes from a mirror is checked by the same hashes.</source>
        <translation>Leere Felder heißen: wie pip und uv auf diesem PC eingestellt sind. Was von einem Spiegel kommt, wird mit denselben Prüfsummen geprüft.</translation>
    </message>
    <message>
        <source>Package index</source>
        <translation>Paketindex</translation>
    </message>
    <message>
        <source>default index</source>
        <translation>Standardindex</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>Proxy</translation>
    </message>
    <message>
        <source>as the system says</source>
        <translation>wie das System es sagt</translation>
    </message>
    <message>
        <source>Certificates (a file, or empty for the system&apos;s)</source>
        <translation>Zertifikate (eine Datei, oder leer für die des Systems)</translation>
    </message>
    <message>
        <source>the system&apos;s store</source>
        <translation>der Speicher des Systems</translation>
    </message>
    <message>
        <source>Offline folder (made by the command bundle)</source>
        <translation>Offline-Ordner (vom Befehl bundle angelegt)</translation>
    </message>
    <message>
        <source>none: packages come from the index</source>
        <translation>keiner: Pakete kommen vom Index</translation>
    </message>
    <message>
        <source>Offline folder</source>
        <translation>Offline-Ordner</translation>
    </message>
    <message>
        <source>Choose the offline &amp;folder</source>
        <translation>Offline-&amp;Ordner wählen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Use these</source>
        <translation>Diese benutzen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Less</source>
        <translation>Weniger</translation>
    </message>
    <message>
        <source>The guide says</source>
        <translation>Die Anleitung sagt</translation>
    </message>
    <message>
        <source>Right is</source>
        <translation>Richtig ist</translation>
    </message>
    <message>
        <source>Mirror of Pythons (an address or a folder)</source>
        <translation>Spiegel der Pythons (eine Adresse oder ein Ordner)</translation>
    </message>
    <message>
        <source>uv&apos;s own source</source>
        <translation>die Quelle von uv</translation>
    </message>
    <message>
        <source>Fixed by this PC&apos;s administrator</source>
        <translation>Vom Administrator dieses PCs festgelegt</translation>
    </message>
    <message>
        <source>&amp;Test</source>
        <translation>&amp;Testen</translation>
    </message>
    <message>
        <source>Asks index, PyTorch index, Python source and model hub with these settings</source>
        <translation>Fragt mit diesen Einstellungen den Index, den PyTorch-Index, die Quelle von Python und den Modell-Hub</translation>
    </message>
    <message>
        <source>Test asks the package index, the PyTorch index, the source of Python and the model hub with these settings. Nothing is fetched.</source>
        <translation>Testen fragt mit diesen Einstellungen den Paketindex, den PyTorch-Index, die Quelle von Python und den Modell-Hub. Geladen wird nichts.</translation>
    </message>
    <message>
        <source>being asked</source>
        <translation>wird gefragt</translation>
    </message>
    <message>
        <source>Being asked …</source>
        <translation>Wird gefragt …</translation>
    </message>
    <message>
        <source>Answers and can be used.</source>
        <translation>Antwortet und lässt sich benutzen.</translation>
    </message>
    <message>
        <source>Source of Python</source>
        <translation>Quelle von Python</translation>
    </message>
    <message>
        <source>Model hub</source>
        <translation>Modell-Hub</translation>
    </message>
    <message>
        <source>the setup</source>
        <translation>die Einrichtung</translation>
    </message>
    <message>
        <source>the folder</source>
        <translation>der Ordner</translation>
    </message>
    <message>
        <source>sources</source>
        <translation>die Quellen</translation>
    </message>
    <message>
        <source>Fixed by this PC&apos;s administrator: {what}.</source>
        <translation>Vom Administrator dieses PCs festgelegt: {what}.</translation>
    </message>
    <message>
        <source>Hide the other setups</source>
        <translation>Andere Einrichtungen ausblenden</translation>
    </message>
    <message>
        <source>Other setups ({n})</source>
        <translation>Andere Einrichtungen ({n})</translation>
    </message>
    <message>
        <source>Nothing is chosen: the setup for this card needs something first; its card says what.</source>
        <translation>Nichts ist gewählt: Die Einrichtung für diese Karte braucht zuerst etwas; ihr Feld sagt, was.</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Noch einmal ansehen</translation>
    </message>
    <message>
        <source>Advisory</source>
        <translation>Sicherheitshinweis</translation>
    </message>
    <message>
        <source>What changes for you with the second</source>
        <translation>Was sich für Sie mit der zweiten ändert</translation>
    </message>
    <message>
        <source>This PC is still being looked at. Its card and driver say which setups fit.</source>
        <translation>Dieser PC wird noch angesehen. Seine Karte und sein Treiber entscheiden, welche Einrichtungen passen.</translation>
    </message>
    <message>
        <source>Looking …</source>
        <translation>Wird angesehen …</translation>
    </message>
    <message>
        <source>Exports</source>
        <translation>Exporte</translation>
    </message>
</context>
<context>
    <name>Sparkline</name>
    <message>
        <source>Sample</source>
        <translation>Probe</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>now {now}, at best {best}</source>
        <translation>jetzt {now}, höchstens {best}</translation>
    </message>
</context>
<context>
    <name>Steps</name>
    <message>
        <source>Checks and first fine-tune</source>
        <translation>Prüfungen und erstes Feintuning</translation>
    </message>
    <message>
        <source>Checks</source>
        <translation>Prüfungen</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>downloading</source>
        <translation>wird geladen</translation>
    </message>
    <message>
        <source>done</source>
        <translation>erledigt</translation>
    </message>
    <message>
        <source>was already done</source>
        <translation>war schon erledigt</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>{n} min</source>
        <translation>{n} min</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} von {total}</translation>
    </message>
    <message>
        <source>{n} of {all}</source>
        <translation>{n} von {all}</translation>
    </message>
    <message>
        <source>the old one stays until here</source>
        <translation>bis hierher bleibt das Alte</translation>
    </message>
    <message>
        <source>about a minute</source>
        <translation>etwa eine Minute</translation>
    </message>
    <message>
        <source>Progress of {step}</source>
        <translation>Fortschritt von {step}</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>{n} s</source>
        <translation>{n} s</translation>
    </message>
    <message>
        <source>waiting for the network</source>
        <translation>wartet auf das Netz</translation>
    </message>
</context>
<context>
    <name>TakenOut</name>
    <message>
        <source>Packages taken out of {environment} on {date}</source>
        <translation>Pakete aus {environment}, herausgenommen am {date}</translation>
    </message>
    <message>
        <source>Put back …</source>
        <translation>Zurücklegen …</translation>
    </message>
    <message>
        <source>Put back: {name}</source>
        <translation>Zurücklegen: {name}</translation>
    </message>
    <message>
        <source>Back where they were</source>
        <translation>Wieder da, wo sie waren</translation>
    </message>
    <message>
        <source>Stopped. What is missing can be put back later.</source>
        <translation>Angehalten. Was fehlt, lässt sich später zurücklegen.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Putting the packages back …</source>
        <translation>Pakete werden zurückgelegt …</translation>
    </message>
    <message>
        <source>Put packages back</source>
        <translation>Pakete zurücklegen</translation>
    </message>
    <message>
        <source>These are installed again, in the very versions that were taken out, from the indexes that are set. Nothing else in the environment changes.</source>
        <translation>Diese werden wieder installiert, in genau den Versionen, die herausgenommen wurden, aus den eingestellten Indexen. Sonst ändert sich in der Umgebung nichts.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Put back</source>
        <translation>&amp;Zurücklegen</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>und {n} weitere</translation>
    </message>
</context>
<context>
    <name>Telemetry</name>
    <message>
        <source>Clock</source>
        <translation>Takt</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>Leistung</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>Temperatur</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>{low} to {high} {unit}</source>
        <translation>{low} bis {high} {unit}</translation>
    </message>
</context>
<context>
    <name>ThisPc</name>
    <message>
        <source>&amp;Save machine file</source>
        <translation>Maschinendatei &amp;speichern</translation>
    </message>
    <message>
        <source>Everything found here as one file, to try this program on this machine elsewhere</source>
        <translation>Alles hier Gefundene als eine Datei, um das Programm anderswo auf diesem PC auszuprobieren</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Noch einmal ansehen</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Choose a setup</source>
        <translation>&amp;Einrichtung wählen</translation>
    </message>
    <message>
        <source>Graphics card</source>
        <translation>Grafikkarte</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Card memory in use</source>
        <translation>Belegter Speicher der Karte</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>Architektur</translation>
    </message>
    <message>
        <source>Driver</source>
        <translation>Treiber</translation>
    </message>
    <message>
        <source>CUDA up to</source>
        <translation>CUDA bis</translation>
    </message>
    <message>
        <source>CUDA toolkit</source>
        <translation>CUDA-Toolkit</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Processor and memory</source>
        <translation>Prozessor und Speicher</translation>
    </message>
    <message>
        <source>Disk for the setup</source>
        <translation>Laufwerk für die Einrichtung</translation>
    </message>
    <message>
        <source>Disk in use</source>
        <translation>Belegter Platz</translation>
    </message>
    <message>
        <source>This PC</source>
        <translation>Dieser PC</translation>
    </message>
    <message>
        <source>Looking. Nothing is changed by it.</source>
        <translation>Wird angesehen. Dabei ändert sich nichts.</translation>
    </message>
    <message>
        <source>still looking</source>
        <translation>noch nicht fertig</translation>
    </message>
    <message>
        <source>Looking for tools, Python installations and the way to the package indexes.</source>
        <translation>Sucht Werkzeuge, Python-Installationen und den Weg zu den Paketindizes.</translation>
    </message>
    <message>
        <source>None found</source>
        <translation>Keine gefunden</translation>
    </message>
    <message>
        <source>A card without a name ({id})</source>
        <translation>Eine Karte ohne Namen ({id})</translation>
    </message>
    <message>
        <source>{free} free of {total}</source>
        <translation>{free} von {total} frei</translation>
    </message>
    <message>
        <source>not known without a driver</source>
        <translation>ohne Treiber nicht bekannt</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>The newest CUDA that this driver can run. It says nothing of an installed toolkit.</source>
        <translation>Das neueste CUDA, das dieser Treiber ausführen kann. Über ein installiertes Toolkit sagt das nichts.</translation>
    </message>
    <message>
        <source>{size} free on {root}</source>
        <translation>{size} frei auf {root}</translation>
    </message>
    <message>
        <source>The look at this PC ended early.</source>
        <translation>Das Ansehen dieses PCs endete vorzeitig.</translation>
    </message>
    <message>
        <source>Also looked at:</source>
        <translation>Auch angesehen:</translation>
    </message>
    <message>
        <source>Found in {time}. Nothing has been changed.</source>
        <translation>In {time} gefunden. Nichts wurde geändert.</translation>
    </message>
    <message>
        <source>not needed</source>
        <translation>nicht nötig</translation>
    </message>
    <message>
        <source>{version}, not needed</source>
        <translation>{version}, nicht nötig</translation>
    </message>
    <message>
        <source>The packages bring the CUDA parts that they use. A toolkit is for people who compile CUDA programs.</source>
        <translation>Die Pakete bringen die CUDA-Teile mit, die sie benutzen. Ein Toolkit ist für Leute, die CUDA-Programme übersetzen.</translation>
    </message>
    <message>
        <source>Something is in the way</source>
        <translation>Etwas steht im Weg</translation>
    </message>
    <message>
        <source>Practice on the processor</source>
        <translation>Üben auf dem Prozessor</translation>
    </message>
    <message>
        <source>Ready for training</source>
        <translation>Bereit zum Training</translation>
    </message>
    <message>
        <source>Save machine file</source>
        <translation>Maschinendatei speichern</translation>
    </message>
    <message>
        <source>Machine file (*.json)</source>
        <translation>Maschinendatei (*.json)</translation>
    </message>
    <message>
        <source>Saved to {path}.</source>
        <translation>Gespeichert unter {path}.</translation>
    </message>
    <message>
        <source>{n} more Pythons</source>
        <translation>{n} weitere Pythons</translation>
    </message>
    <message>
        <source>package index and PyTorch index reachable</source>
        <translation>Paketindex und PyTorch-Index erreichbar</translation>
    </message>
    <message>
        <source>package index</source>
        <translation>Paketindex</translation>
    </message>
    <message>
        <source>PyTorch index</source>
        <translation>PyTorch-Index</translation>
    </message>
    <message>
        <source>proxy {address}</source>
        <translation>Proxy {address}</translation>
    </message>
    <message>
        <source>no proxy</source>
        <translation>kein Proxy</translation>
    </message>
    <message>
        <source>no {tool}</source>
        <translation>kein {tool}</translation>
    </message>
    <message>
        <source>reachable</source>
        <translation>erreichbar</translation>
    </message>
    <message>
        <source>not reachable</source>
        <translation>nicht erreichbar</translation>
    </message>
    <message>
        <source>answers, but is no package index</source>
        <translation>antwortet, ist aber kein Paketindex</translation>
    </message>
    <message>
        <source>certificate not trusted</source>
        <translation>Zertifikat nicht vertrauenswürdig</translation>
    </message>
    <message>
        <source>not asked</source>
        <translation>nicht gefragt</translation>
    </message>
    <message>
        <source>Read from a machine file.</source>
        <translation>Aus einer Maschinendatei gelesen.</translation>
    </message>
    <message>
        <source>In the way: {what}</source>
        <translation>Im Weg: {what}</translation>
    </message>
    <message>
        <source>Looking, for {time} now. Nothing is changed by it.</source>
        <translation>Wird angesehen, seit {time}. Dabei wird nichts geändert.</translation>
    </message>
</context>
<context>
    <name>Train</name>
    <message>
        <source>This is a simulation: there are no data and no card to train with.</source>
        <translation>Das ist eine Simulation: Es gibt weder Daten noch eine Karte zum Trainieren.</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>Trainieren</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Choose a setup</source>
        <translation>&amp;Einrichtung wählen</translation>
    </message>
    <message>
        <source>Train on your data</source>
        <translation>Mit eigenen Daten trainieren</translation>
    </message>
    <message>
        <source>Nothing is sent anywhere; your file is only read.</source>
        <translation>Nichts wird irgendwohin gesendet; Ihre Datei wird nur gelesen.</translation>
    </message>
    <message>
        <source>Show the &amp;plan</source>
        <translation>&amp;Plan zeigen</translation>
    </message>
    <message>
        <source>Nothing has been changed yet. This is all that will happen.</source>
        <translation>Noch wurde nichts geändert. Das ist alles, was geschehen wird.</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Details of every step</source>
        <translation>Einzelheiten jedes Schritts</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Export</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>&amp;Anhalten</translation>
    </message>
    <message>
        <source>Stop writes a checkpoint first; the run can go on later.</source>
        <translation>Anhalten schreibt zuerst einen Checkpoint; der Lauf kann später weitergehen.</translation>
    </message>
    <message>
        <source>&amp;End at once</source>
        <translation>Sofort &amp;beenden</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>A checkpoint is being written, then it ends.</source>
        <translation>Ein Checkpoint wird geschrieben, dann endet der Lauf.</translation>
    </message>
    <message>
        <source>End at once</source>
        <translation>Sofort beenden</translation>
    </message>
    <message>
        <source>What was learnt since the last checkpoint is lost.</source>
        <translation>Was seit dem letzten Checkpoint gelernt wurde, geht verloren.</translation>
    </message>
    <message>
        <source>Wait for it</source>
        <translation>Darauf warten</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>At step {step} of {total}.</source>
        <translation>Bei Schritt {step} von {total}.</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Looking whether the run can go on …</source>
        <translation>Es wird nachgesehen, ob der Lauf weitergehen kann …</translation>
    </message>
    <message>
        <source>Checked: it goes on from step {n}.</source>
        <translation>Geprüft: Es geht bei Schritt {n} weiter.</translation>
    </message>
    <message>
        <source>&amp;Go on</source>
        <translation>Weiter&amp;machen</translation>
    </message>
    <message>
        <source>Export failed</source>
        <translation>Export fehlgeschlagen</translation>
    </message>
    <message>
        <source>Training failed</source>
        <translation>Training fehlgeschlagen</translation>
    </message>
    <message>
        <source>Trained</source>
        <translation>Trainiert</translation>
    </message>
    <message>
        <source>The adapter lies in {folder}</source>
        <translation>Der Adapter liegt in {folder}</translation>
    </message>
    <message>
        <source>Exported to {folder}</source>
        <translation>Exportiert nach {folder}</translation>
    </message>
    <message>
        <source>Earlier runs</source>
        <translation>Frühere Läufe</translation>
    </message>
    <message>
        <source>Open the &amp;folder</source>
        <translation>&amp;Ordner öffnen</translation>
    </message>
    <message>
        <source>&amp;New training</source>
        <translation>Ne&amp;ues Training</translation>
    </message>
    <message>
        <source>Reading the file and asking the model&apos;s tokenizer …</source>
        <translation>Die Datei wird gelesen und der Tokenizer des Modells gefragt …</translation>
    </message>
    <message>
        <source>Reading: {n} rows</source>
        <translation>Wird gelesen: {n} Zeilen</translation>
    </message>
    <message>
        <source>Choose your data first.</source>
        <translation>Wählen Sie zuerst Ihre Daten.</translation>
    </message>
    <message>
        <source>To be answered above: {n}</source>
        <translation>Oben noch zu beantworten: {n}</translation>
    </message>
    <message>
        <source>Model and settings</source>
        <translation>Modell und Einstellungen</translation>
    </message>
    <message>
        <source>chosen to fit this PC; every choice can be changed</source>
        <translation>passend zu diesem PC gewählt; alles lässt sich ändern</translation>
    </message>
    <message>
        <source>none: the one above</source>
        <translation>keines: das Modell oben</translation>
    </message>
    <message>
        <source>the answers alone</source>
        <translation>nur die Antworten</translation>
    </message>
    <message>
        <source>every word</source>
        <translation>jedes Wort</translation>
    </message>
    <message>
        <source>&amp;Folder …</source>
        <translation>&amp;Ordner …</translation>
    </message>
    <message>
        <source>An&amp;other model: its name on the hub, or a folder</source>
        <translation>Ein a&amp;nderes Modell: sein Name auf dem Hub oder ein Ordner</translation>
    </message>
    <message>
        <source>&amp;Epochs</source>
        <translation>&amp;Epochen</translation>
    </message>
    <message>
        <source>&amp;Learn</source>
        <translation>Ge&amp;lernt wird</translation>
    </message>
    <message>
        <source>A model&apos;s folder</source>
        <translation>Ordner eines Modells</translation>
    </message>
    <message>
        <source>Your data</source>
        <translation>Ihre Daten</translation>
    </message>
    <message>
        <source>&amp;Choose a file …</source>
        <translation>&amp;Datei wählen …</translation>
    </message>
    <message>
        <source>or drop one here: JSON, JSON lines, CSV, TSV, Parquet, plain text, Markdown</source>
        <translation>oder hier ablegen: JSON, JSON-Zeilen, CSV, TSV, Parquet, einfacher Text, Markdown</translation>
    </message>
    <message>
        <source>Choose your data</source>
        <translation>Daten wählen</translation>
    </message>
    <message>
        <source>Data (*.jsonl *.json *.ndjson *.csv *.tsv *.parquet *.txt *.md);;All files (*)</source>
        <translation>Daten (*.jsonl *.json *.ndjson *.csv *.tsv *.parquet *.txt *.md);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Map the columns by hand</source>
        <translation>Spalten von Hand zuordnen</translation>
    </message>
    <message>
        <source>{rows}, {n} of them twice</source>
        <translation>{rows}, davon {n} doppelt</translation>
    </message>
    <message>
        <source>Instruction and output</source>
        <translation>Anweisung und Ausgabe</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>Nachrichten</translation>
    </message>
    <message>
        <source>Conversations (ShareGPT)</source>
        <translation>Gespräche (ShareGPT)</translation>
    </message>
    <message>
        <source>Prompt and completion</source>
        <translation>Prompt und Fortsetzung</translation>
    </message>
    <message>
        <source>Question and answer</source>
        <translation>Frage und Antwort</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Not recognised</source>
        <translation>Nicht erkannt</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>Kodierung</translation>
    </message>
    <message>
        <source>in the file</source>
        <translation>in der Datei</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>Form</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>Zeilen</translation>
    </message>
    <message>
        <source>Columns used</source>
        <translation>Benutzte Spalten</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Read the file as</source>
        <translation>Datei lesen als</translation>
    </message>
    <message>
        <source>Choose the encoding</source>
        <translation>Kodierung wählen</translation>
    </message>
    <message>
        <source>{name} (proposed)</source>
        <translation>{name} (vorgeschlagen)</translation>
    </message>
    <message>
        <source>One row of the text is</source>
        <translation>Ein Datensatz aus dem Text ist</translation>
    </message>
    <message>
        <source>the whole document</source>
        <translation>das ganze Dokument</translation>
    </message>
    <message>
        <source>a paragraph</source>
        <translation>ein Absatz</translation>
    </message>
    <message>
        <source>a line</source>
        <translation>eine Zeile</translation>
    </message>
    <message>
        <source>System text</source>
        <translation>Systemtext</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>Frage</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>Kontext</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <source>Column of: {role}</source>
        <translation>Spalte für: {role}</translation>
    </message>
    <message>
        <source>no column</source>
        <translation>keine Spalte</translation>
    </message>
    <message>
        <source>Not used. Tick each column that may be left out:</source>
        <translation>Nicht benutzt. Kreuzen Sie jede Spalte an, die weggelassen werden darf:</translation>
    </message>
    <message>
        <source>Leave out the column {name}</source>
        <translation>Spalte {name} weglassen</translation>
    </message>
    <message>
        <source>Line {n}: {reason}</source>
        <translation>Zeile {n}: {reason}</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>und {n} weitere</translation>
    </message>
    <message>
        <source>1 row cannot be used:</source>
        <translation>1 Zeile lässt sich nicht benutzen:</translation>
    </message>
    <message>
        <source>{n} rows cannot be used:</source>
        <translation>{n} Zeilen lassen sich nicht benutzen:</translation>
    </message>
    <message>
        <source>Leave the bad &amp;rows out</source>
        <translation>&amp;Fehlerhafte Zeilen weglassen</translation>
    </message>
    <message>
        <source>such as: {example}</source>
        <translation>etwa: {example}</translation>
    </message>
    <message>
        <source>JSON lines</source>
        <translation>JSON-Zeilen</translation>
    </message>
    <message>
        <source>Plain text</source>
        <translation>Einfacher Text</translation>
    </message>
    <message>
        <source>Smaller settings: {options}. They cost {costs}.</source>
        <translation>Kleinere Einstellungen: {options}. Sie kosten {costs}.</translation>
    </message>
    <message>
        <source>&amp;Take the smaller settings</source>
        <translation>&amp;Kleinere Einstellungen nehmen</translation>
    </message>
    <message>
        <source>Row {n} as the model sees it, {tokens} tokens</source>
        <translation>Zeile {n}, wie das Modell sie sieht, {tokens} Tokens</translation>
    </message>
    <message>
        <source>Learnt: {text}</source>
        <translation>Gelernt: {text}</translation>
    </message>
    <message>
        <source>As the model sees it</source>
        <translation>Wie das Modell es sieht</translation>
    </message>
    <message>
        <source>underlined: what is learnt</source>
        <translation>unterstrichen: was gelernt wird</translation>
    </message>
    <message>
        <source>Lengths of the rows</source>
        <translation>Längen der Zeilen</translation>
    </message>
    <message>
        <source>{training} to learn from, {evaluation} to measure on</source>
        <translation>{training} zum Lernen, {evaluation} zum Messen</translation>
    </message>
    <message>
        <source>Tokens in one pass</source>
        <translation>Tokens in einem Durchgang</translation>
    </message>
    <message>
        <source>{all}, {learnt} of them learnt</source>
        <translation>{all}, davon {learnt} gelernt</translation>
    </message>
    <message>
        <source>not known: this model was not trained here yet</source>
        <translation>nicht bekannt: Dieses Modell wurde hier noch nicht trainiert</translation>
    </message>
    <message>
        <source>{n} rows are left out: {why}.</source>
        <translation>{n} Zeilen werden weggelassen: {why}.</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Training and evaluation loss</source>
        <translation>Verlust in Training und Auswertung</translation>
    </message>
    <message>
        <source>not known yet</source>
        <translation>noch nicht bekannt</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Training loss</source>
        <translation>Verlust im Training</translation>
    </message>
    <message>
        <source>Evaluation loss</source>
        <translation>Verlust in der Auswertung</translation>
    </message>
    <message>
        <source>Tokens a second</source>
        <translation>Tokens pro Sekunde</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>Verbleibende Zeit</translation>
    </message>
    <message>
        <source>runs on no card</source>
        <translation>läuft auf keiner Karte</translation>
    </message>
    <message>
        <source>{step} of {total}</source>
        <translation>{step} von {total}</translation>
    </message>
    <message>
        <source>Before and after</source>
        <translation>Vorher und nachher</translation>
    </message>
    <message>
        <source>rows that were kept apart from training</source>
        <translation>Zeilen, die nicht zum Training benutzt wurden</translation>
    </message>
    <message>
        <source>No answers were kept: too few rows, or none could be made.</source>
        <translation>Es wurden keine Antworten aufgehoben: zu wenige Zeilen, oder es ließen sich keine erzeugen.</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>Erwartet</translation>
    </message>
    <message>
        <source>(nothing)</source>
        <translation>(nichts)</translation>
    </message>
    <message>
        <source>&amp;Adapter</source>
        <translation>&amp;Adapter</translation>
    </message>
    <message>
        <source>&amp;Merged model</source>
        <translation>Zusammengeführtes &amp;Modell</translation>
    </message>
    <message>
        <source>The folder of your llama.cpp</source>
        <translation>Der Ordner Ihres llama.cpp</translation>
    </message>
    <message>
        <source>Try a prompt</source>
        <translation>Einen Prompt ausprobieren</translation>
    </message>
    <message>
        <source>the model is loaded for it first</source>
        <translation>das Modell wird dafür zuerst geladen</translation>
    </message>
    <message>
        <source>Your prompt</source>
        <translation>Ihr Prompt</translation>
    </message>
    <message>
        <source>As&amp;k</source>
        <translation>&amp;Fragen</translation>
    </message>
    <message>
        <source>The model&apos;s answer</source>
        <translation>Die Antwort des Modells</translation>
    </message>
    <message>
        <source>The model is being loaded …</source>
        <translation>Das Modell wird geladen …</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Go on …</source>
        <translation>Weitermachen …</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>{state} before the first step</source>
        <translation>{state} vor dem ersten Schritt</translation>
    </message>
    <message>
        <source>{state} at step {step} of {total}</source>
        <translation>{state} bei Schritt {step} von {total}</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Training steps</source>
        <translation>Trainingsschritte</translation>
    </message>
    <message>
        <source>Card memory</source>
        <translation>Speicher der Karte</translation>
    </message>
    <message>
        <source>The adapter is small and needs its base model. Merged is the whole model in 16 bits. GGUF is for llama.cpp and Ollama, in 8 bits (q8_0); llama.cpp&apos;s converter is fetched for it once.</source>
        <translation>Der Adapter ist klein und braucht sein Basismodell. Zusammengeführt ist das ganze Modell in 16 Bit. GGUF ist für llama.cpp und Ollama, in 8 Bit (q8_0); der Konverter von llama.cpp wird dafür einmal geholt.</translation>
    </message>
    <message>
        <source>&amp;GGUF</source>
        <translation>&amp;GGUF</translation>
    </message>
    <message>
        <source>GGUF with &amp;your llama.cpp …</source>
        <translation>GGUF mit &amp;Ihrem llama.cpp …</translation>
    </message>
    <message>
        <source>Card memory, temperature</source>
        <translation>Speicher der Karte, Temperatur</translation>
    </message>
    <message>
        <source>temperature unknown</source>
        <translation>Temperatur unbekannt</translation>
    </message>
    <message>
        <source>Car&amp;ds</source>
        <translation>Kar&amp;ten</translation>
    </message>
</context>
<context>
    <name>Verify</name>
    <message>
        <source>Progress of the checks</source>
        <translation>Fortschritt der Prüfungen</translation>
    </message>
    <message>
        <source>Verify</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Nothing has been checked yet. It takes about two minutes and changes nothing.</source>
        <translation>Noch ist nichts geprüft. Es dauert etwa zwei Minuten und ändert nichts.</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Verify</source>
        <translation>&amp;Prüfen</translation>
    </message>
    <message>
        <source>Verifying</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Show the log</source>
        <translation>Protokoll zeigen</translation>
    </message>
    <message>
        <source>Back to the install</source>
        <translation>Zurück zur Installation</translation>
    </message>
    <message>
        <source>The checks belong to the install that is running.</source>
        <translation>Die Prüfungen gehören zur laufenden Installation.</translation>
    </message>
    <message>
        <source>{done} of {all} checks done</source>
        <translation>{done} von {all} Prüfungen erledigt</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>The checks were not finished; nothing was changed.</source>
        <translation>Die Prüfungen wurden nicht beendet; nichts wurde geändert.</translation>
    </message>
    <message>
        <source>&amp;Run again</source>
        <translation>&amp;Noch einmal</translation>
    </message>
    <message>
        <source>It works</source>
        <translation>Es läuft</translation>
    </message>
    <message>
        <source>It works, slowly</source>
        <translation>Es läuft, aber langsam</translation>
    </message>
    <message>
        <source>It does not work yet</source>
        <translation>Es läuft noch nicht</translation>
    </message>
    <message>
        <source>Not checked yet</source>
        <translation>Noch nicht geprüft</translation>
    </message>
    <message>
        <source>Simulation, invented figures</source>
        <translation>Simulation, erfundene Zahlen</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>&amp;Finish</source>
        <translation>&amp;Fertig</translation>
    </message>
    <message>
        <source>&amp;Choose another setup</source>
        <translation>Andere &amp;Einrichtung wählen</translation>
    </message>
    <message>
        <source>on this card</source>
        <translation>auf dieser Karte</translation>
    </message>
    <message>
        <source>on the processor</source>
        <translation>auf dem Prozessor</translation>
    </message>
    <message>
        <source>Checked, measured and trained {where}.</source>
        <translation>Geprüft, gemessen und trainiert {where}.</translation>
    </message>
    <message>
        <source>Checked, measured and trained {where} in {time}.</source>
        <translation>Geprüft, gemessen und trainiert {where} in {time}.</translation>
    </message>
    <message>
        <source>Everything runs; some figures are below what this card reaches elsewhere.</source>
        <translation>Alles läuft; manche Zahlen liegen unter dem, was diese Karte anderswo erreicht.</translation>
    </message>
    <message>
        <source>A check failed. The cause and what to do stand below.</source>
        <translation>Eine Prüfung ist fehlgeschlagen. Ursache und Abhilfe stehen unten.</translation>
    </message>
    <message>
        <source>The checks have not run to their end.</source>
        <translation>Die Prüfungen sind nicht bis zum Ende gelaufen.</translation>
    </message>
    <message>
        <source>Show as charts</source>
        <translation>Als Diagramme zeigen</translation>
    </message>
    <message>
        <source>Show as table</source>
        <translation>Als Tabelle zeigen</translation>
    </message>
    <message>
        <source>Changed since it was installed</source>
        <translation>Seit der Installation geändert</translation>
    </message>
    <message>
        <source>{n} differences from the lock</source>
        <translation>{n} Abweichungen von der Festschreibung</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>und {n} weitere</translation>
    </message>
    <message>
        <source>&amp;Put the locked state back</source>
        <translation>Festgeschriebenen S&amp;tand wiederherstellen</translation>
    </message>
    <message>
        <source>Compare a pasted output</source>
        <translation>Ausgabe vergleichen</translation>
    </message>
    <message>
        <source>The output of the guide&apos;s own script, compared in the same way</source>
        <translation>Die Ausgabe des Skripts der Anleitung, ebenso verglichen</translation>
    </message>
    <message>
        <source>Recorded on another PC</source>
        <translation>Auf einem anderen PC aufgezeichnet</translation>
    </message>
    <message>
        <source>One card works, training on several cards does not. {why}</source>
        <translation>Eine Karte funktioniert, das Training auf mehreren Karten nicht. {why}</translation>
    </message>
    <message>
        <source>This PC is looked at first.</source>
        <translation>Dieser PC wird zuerst angesehen.</translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Welcome</source>
        <translation>Willkommen</translation>
    </message>
    <message>
        <source>From this PC to a first fine-tune that ran here, with the proof.</source>
        <translation>Von diesem PC zum ersten Feintuning, das hier lief, mit Nachweis.</translation>
    </message>
    <message>
        <source>Go on where you stopped</source>
        <translation>Weitermachen, wo Sie aufgehört haben</translation>
    </message>
    <message>
        <source>{title}: {done} of {total} steps are done. What has been fetched is kept.</source>
        <translation>{title}: {done} von {total} Schritten sind erledigt. Was geladen ist, bleibt.</translation>
    </message>
    <message>
        <source>What will happen</source>
        <translation>Was geschehen wird</translation>
    </message>
    <message>
        <source>Looking</source>
        <translation>Ansehen</translation>
    </message>
    <message>
        <source>The card, its driver, the disk and what older attempts left. Nothing is changed by it.</source>
        <translation>Die Karte, ihr Treiber, das Laufwerk und was frühere Versuche hinterließen. Dabei ändert sich nichts.</translation>
    </message>
    <message>
        <source>Installing</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <source>A setup that fits this card, pinned and checked file by file, in a folder of its own. What works today stays as it is until the new one is proven.</source>
        <translation>Eine Einrichtung, die zu dieser Karte passt, festgeschrieben und Datei für Datei geprüft, in einem eigenen Ordner. Was heute läuft, bleibt, bis das Neue geprüft ist.</translation>
    </message>
    <message>
        <source>Proving</source>
        <translation>Nachweisen</translation>
    </message>
    <message>
        <source>Checks, a benchmark and a small fine-tune on this card. You get the result as a report.</source>
        <translation>Prüfungen, eine Leistungsmessung und ein kleines Feintuning auf dieser Karte. Das Ergebnis erhalten Sie als Bericht.</translation>
    </message>
    <message>
        <source>What it takes here</source>
        <translation>Was es hier braucht</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Download</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Installiert</translation>
    </message>
    <message>
        <source>Free now</source>
        <translation>Jetzt frei</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>&amp;Begin again</source>
        <translation>Neu &amp;beginnen</translation>
    </message>
    <message>
        <source>&amp;Go on where you stopped</source>
        <translation>&amp;Weitermachen, wo Sie aufgehört haben</translation>
    </message>
    <message>
        <source>&amp;Look at this PC</source>
        <translation>Diesen PC &amp;ansehen</translation>
    </message>
    <message>
        <source>Nothing is installed before you have seen the plan.</source>
        <translation>Nichts wird installiert, bevor Sie den Plan gesehen haben.</translation>
    </message>
    <message>
        <source>Looking at this PC.</source>
        <translation>Dieser PC wird angesehen.</translation>
    </message>
    <message>
        <source>For {title}. You can choose another setup.</source>
        <translation>Für {title}. Sie können eine andere Einrichtung wählen.</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>Stop and close</source>
        <translation>Anhalten und schließen</translation>
    </message>
    <message>
        <source>A plan is running. It stops now and goes on at the same place when you start the program again.</source>
        <translation>Ein Plan läuft. Er hält jetzt an und macht an derselben Stelle weiter, wenn Sie das Programm wieder starten.</translation>
    </message>
    <message>
        <source>Keep it running</source>
        <translation>Weiterlaufen lassen</translation>
    </message>
    <message>
        <source>Simulation: this is another computer, nothing is changed.</source>
        <translation>Simulation: Das ist ein anderer Computer, nichts wird geändert.</translation>
    </message>
    <message>
        <source>Back to this PC</source>
        <translation>Zurück zu diesem PC</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} von {total}</translation>
    </message>
    <message>
        <source>{n} s</source>
        <translation>{n} s</translation>
    </message>
    <message>
        <source>{m} min {s} s</source>
        <translation>{m} min {s} s</translation>
    </message>
    <message>
        <source>{h} h {m} min</source>
        <translation>{h} h {m} min</translation>
    </message>
    <message>
        <source>less than a minute</source>
        <translation>weniger als eine Minute</translation>
    </message>
    <message>
        <source>about a minute</source>
        <translation>etwa eine Minute</translation>
    </message>
    <message>
        <source>about {n} minutes</source>
        <translation>etwa {n} Minuten</translation>
    </message>
    <message>
        <source>about {n} hours</source>
        <translation>etwa {n} Stunden</translation>
    </message>
    <message>
        <source>d MMM yyyy</source>
        <translation>d. MMM yyyy</translation>
    </message>
    <message>
        <source>d MMM yyyy, HH:mm</source>
        <translation>d. MMM yyyy, HH:mm</translation>
    </message>
</context>
</TS>
