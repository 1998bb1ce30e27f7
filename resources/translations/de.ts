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
        <translation>Weggeräumtes &amp;zurücklegen</translation>
    </message>
    <message>
        <source>The guide&apos;s own clean-up</source>
        <translation>Das Aufräumen der Anleitung</translation>
    </message>
    <message>
        <source>The guide takes {packages} out of an environment before it installs. Nothing here needs that: the new setup has an environment of its own. Choose one if you want it all the same; the list of everything in it is saved first, so that it can be made again.</source>
        <translation>Die Anleitung nimmt vor dem Installieren {packages} aus einer Umgebung heraus. Hier ist das nicht nötig: Die neue Einrichtung hat ihre eigene Umgebung. Wählen Sie eine, wenn Sie es trotzdem wollen; die Liste von allem, was darin ist, wird vorher gespeichert, damit sie sich wiederherstellen lässt.</translation>
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
</context>
<context>
    <name>Compare</name>
    <message>
        <source>Compare a pasted output</source>
        <translation>Eingefügte Ausgabe vergleichen</translation>
    </message>
    <message>
        <source>Paste what the guide&apos;s verification script printed, here or on another day. Each line is set beside what is right for this PC.</source>
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
</context>
<context>
    <name>Diagnosis</name>
    <message>
        <source>&amp;Apply the fix</source>
        <translation>&amp;Abhilfe anwenden</translation>
    </message>
    <message>
        <source>The cause is not known</source>
        <translation>Die Ursache ist nicht bekannt</translation>
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
        <source>&amp;Try this step again</source>
        <translation>Schritt &amp;wiederholen</translation>
    </message>
    <message>
        <source>The lines that prove it</source>
        <translation>Die Zeilen, die es belegen</translation>
    </message>
    <message>
        <source>Clear the &amp;cache, try again</source>
        <translation>&amp;Speicher leeren, wiederholen</translation>
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
        <source>Take another &amp;setup</source>
        <translation>Andere &amp;Einrichtung nehmen</translation>
    </message>
    <message>
        <source>Build it &amp;anew</source>
        <translation>&amp;Neu aufbauen</translation>
    </message>
    <message>
        <source>&amp;Fetch the files again</source>
        <translation>Dateien noch einmal &amp;laden</translation>
    </message>
    <message>
        <source>&amp;Use the system&apos;s certificates</source>
        <translation>Zertifikate des &amp;Systems benutzen</translation>
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
        <source>&amp;Stop</source>
        <translation>&amp;Anhalten</translation>
    </message>
    <message>
        <source>&amp;Watch the checks</source>
        <translation>Prüfungen &amp;ansehen</translation>
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
        <translation>&amp;Weitermachen</translation>
    </message>
    <message>
        <source>Not finished</source>
        <translation>Nicht fertig</translation>
    </message>
    <message>
        <source>{step} failed. The setup that you use today was not touched.</source>
        <translation>{step} ist fehlgeschlagen. Was Sie heute benutzen, wurde nicht angefasst.</translation>
    </message>
    <message>
        <source>Back to the &amp;plan</source>
        <translation>Zurück zum &amp;Plan</translation>
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
        <source>&amp;Batch</source>
        <translation>&amp;Stapel</translation>
    </message>
    <message>
        <source>LoRA ran&amp;k</source>
        <translation>LoRA-&amp;Rang</translation>
    </message>
    <message>
        <source>Memory of the card</source>
        <translation>Speicher der Karte</translation>
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
        <source>{need} of {free} free</source>
        <translation>{need} von {free} frei</translation>
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
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Copy the selected lines, or all that are shown</source>
        <translation>Die gewählten Zeilen kopieren oder alle gezeigten</translation>
    </message>
    <message>
        <source>Open &amp;file</source>
        <translation>&amp;Datei öffnen</translation>
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
    <name>Menu</name>
    <message>
        <source>Back to &amp;this PC</source>
        <translation>Zurück zu &amp;diesem PC</translation>
    </message>
    <message>
        <source>Try it on &amp;another machine</source>
        <translation>Auf einem &amp;anderen PC ausprobieren</translation>
    </message>
    <message>
        <source>&amp;Machine file or report …</source>
        <translation>&amp;Maschinendatei oder Bericht …</translation>
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
        <source>Machine file or report</source>
        <translation>Maschinendatei oder Bericht</translation>
    </message>
    <message>
        <source>Machine files and reports (*.json *.zip)</source>
        <translation>Maschinendateien und Berichte (*.json *.zip)</translation>
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
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Sa&amp;ve as a file</source>
        <translation>Als &amp;Datei speichern</translation>
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
        <translation>Herausgekommen</translation>
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
        <source>Save report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Schließen</translation>
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
        <source>Start-&amp;menu entry</source>
        <translation>Eintrag im Start&amp;menü</translation>
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
        <translation>Weggeräumtes &amp;zurücklegen</translation>
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
        <translation>Als &amp;Seite</translation>
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
        <source>Recommended</source>
        <translation>Empfohlen</translation>
    </message>
    <message>
        <source>Possible</source>
        <translation>Möglich</translation>
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
        <source>Not needed here</source>
        <translation>Hier nicht nötig</translation>
    </message>
    <message>
        <source>Not possible now</source>
        <translation>Jetzt nicht möglich</translation>
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
        <source>Needs a newer Windows</source>
        <translation>Braucht neueres Windows</translation>
    </message>
    <message>
        <source>Needs a newer system</source>
        <translation>Braucht neueres System</translation>
    </message>
    <message>
        <source>Needs more memory</source>
        <translation>Braucht mehr Speicher</translation>
    </message>
    <message>
        <source>Needs the driver</source>
        <translation>Braucht den Treiber</translation>
    </message>
    <message>
        <source>Needs a restart</source>
        <translation>Braucht einen Neustart</translation>
    </message>
    <message>
        <source>Needs a newer driver</source>
        <translation>Braucht neueren Treiber</translation>
    </message>
    <message>
        <source>Needs room on the disk</source>
        <translation>Braucht Platz auf der Platte</translation>
    </message>
    <message>
        <source>Needs a shorter folder</source>
        <translation>Braucht kürzeren Ordner</translation>
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
        <translation>Noch &amp;einmal ansehen</translation>
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
        <source>Runs CUDA up to</source>
        <translation>Kann CUDA bis</translation>
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
        <source>Copied: {text}</source>
        <translation>Kopiert: {text}</translation>
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
        <source>&amp;Stop</source>
        <translation>&amp;Anhalten</translation>
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
        <translation>&amp;Andere Einrichtung wählen</translation>
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
        <translation>Festgeschriebenen Stand &amp;wiederherstellen</translation>
    </message>
    <message>
        <source>Compare a pasted output</source>
        <translation>Eingefügte Ausgabe vergleichen</translation>
    </message>
    <message>
        <source>The output of the guide&apos;s own script, compared in the same way</source>
        <translation>Die Ausgabe des Skripts der Anleitung, ebenso verglichen</translation>
    </message>
    <message>
        <source>Recorded on another PC</source>
        <translation>Auf einem anderen PC aufgezeichnet</translation>
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
        <source>All in place</source>
        <translation>Alles da</translation>
    </message>
    <message>
        <source>{name} is active and was verified on this PC.</source>
        <translation>{name} ist aktiv und wurde auf diesem PC geprüft.</translation>
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
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
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
        <source>&amp;Begin anew</source>
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
        <source>&amp;Verify again</source>
        <translation>Noch einmal &amp;prüfen</translation>
    </message>
    <message>
        <source>&amp;Open the setup</source>
        <translation>Einrichtung ö&amp;ffnen</translation>
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
</context>
</TS>
